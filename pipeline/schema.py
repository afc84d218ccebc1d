"""The pieces of schemas, and checking values by them. Unknown keys are errors; nothing is coerced silently."""

import functools
import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import UserError, nearest, shown


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[list[Share], Field(min_length=2, max_length=2)]
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Rate = Annotated[float, Field(gt=0, le=100)]
"""A learning rate; what is larger than a hundred is a slip."""
Seeds = Annotated[int, Field(ge=1, le=1000)]
"""Each is a run of every method in every variant."""
NotNegative = Annotated[float, Field(ge=0)]
Direction = Literal["higher", "lower"]
T = TypeVar("T")
EVALUATED = "read by evaluation alone"
Evaluated = Annotated[T, EVALUATED]
"""The type of a setting that training does not read: changing it trains nothing anew."""
STEPS = "changes the steps of training"
Steps = Annotated[T, STEPS]
"""The type of a setting that changes how many steps there are, or what one is of: another learning rate may be best."""


def _ascending(bounds: list[float]) -> list[float]:
    if bounds[0] > bounds[1]:
        raise ValueError("the lower bound must come first")
    return bounds


def _distinct(listed: list[T]) -> list[T]:
    seen: set[str] = set()
    for item in map(str, listed):
        if item in seen:
            raise ValueError(f"{shown(item)} is listed twice; keep one")
        seen.add(item)
    return listed


INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff\ud800-\udfff]"
)
"""Characters that show nothing, or turn round what stands beside them: in a title they can only mislead."""


def _prose(text: str) -> str:
    """With single spaces for line ends and the like."""
    joined = " ".join(text.split())
    if len(joined) > 2000:
        raise ValueError(f"has {len(joined)} letters; at most 2000 can be shown")
    if found := INVISIBLE.search(joined):
        raise ValueError(f"has the invisible character {found[0]!a}; take it out")
    return joined


def _something(text: str) -> str:
    if not text:
        raise ValueError("must not be empty")
    return text


Span = Annotated[Range, AfterValidator(_ascending)]
Distinct = Annotated[list[T], AfterValidator(_distinct)]
"""A list in which nothing stands twice."""
Some = Annotated[list[T], Field(min_length=1), AfterValidator(_distinct)]
"""The same, of one thing at least."""
Note = Annotated[str, AfterValidator(_prose)]
"""What tables, figures and pages show: text on one line, perhaps none."""
Line = Annotated[str, AfterValidator(_prose), AfterValidator(_something)]
"""The same, and not empty."""
PositiveSpan = Annotated[list[Positive], Field(min_length=2, max_length=2), AfterValidator(_ascending)]


Schema = TypeVar("Schema", bound=BaseModel)


def check(schema: type[Schema], value: Any, where: str) -> Schema:
    """Validate; UserError is one line naming the key, the value and what would be right."""
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{where}: {_told(schema, error.errors()[0])}") from None


def check_part(schema: type[BaseModel], value: Any, where: str) -> None:
    """As `check`, of a mapping that lacks what it will be merged with."""
    try:
        schema.model_validate(value)
    except ValidationError as error:
        for each in error.errors():
            if each["type"] != "missing":
                raise UserError(f"{where}: {_told(schema, each)}") from None


def _told(schema: type[BaseModel], first: Any) -> str:
    """What pydantic says of one fault, on one line."""
    place, kind, given = first["loc"], first["type"], first["input"]
    key = ".".join(str(part) for part in place)
    if kind == "extra_forbidden":
        return f"unknown key {shown(key)}{nearest(str(place[-1]), _fields(schema, place))}"
    if kind == "missing":
        return f"'{key}' is missing"
    message = first["msg"].removeprefix("Value error, ")
    if not place:
        return message
    return f"{key} = {shown(given)}: {message[0].lower() + message[1:]}{spelling(kind, given)}"


TRUTH = {**dict.fromkeys(("yes", "on", "y"), "true"), **dict.fromkeys(("no", "off", "n"), "false")}
NUMBERS = ("int_type", "float_type", "int_parsing", "float_parsing")


def spelling(kind: str, given: Any) -> str:
    """How to write what was meant, where that is clear: a number in quotes, `1e4` for a whole number, `yes`."""
    if kind == "bool_type" and isinstance(given, str):
        word = TRUTH.get(given.lower(), given.lower())
        return f"; write {word}" if word in TRUTH.values() else ""
    if kind not in NUMBERS or isinstance(given, bool):
        return ""
    try:
        meant = float(given)
        whole = int(meant) == meant
    except (TypeError, ValueError, OverflowError):
        return ""
    if "float" in kind and not whole:
        return f"; write {meant:g} without quotes"
    return f"; write {int(meant)}" if whole else ""


def _fields(schema: type[BaseModel], place: tuple[int | str, ...]) -> list[str]:
    """The known keys of the (nested) model in which the last part of `place` was found."""
    model: Any = schema
    for part in place[:-1]:
        if isinstance(part, int):
            continue
        field = getattr(model, "model_fields", {}).get(part)
        if field is None:
            return []
        model = next((t for t in _types(field.annotation) if hasattr(t, "model_fields")), None)
    return list(getattr(model, "model_fields", {}))


def _types(annotation: Any) -> list[Any]:
    parts = getattr(annotation, "__args__", ())
    return [annotation] + [inner for part in parts for inner in _types(part)]


def evaluated(schema: type[BaseModel]) -> frozenset[str]:
    """The fields of a schema that only evaluation reads."""
    return _marked(schema, EVALUATED)


def steps(schema: type[BaseModel]) -> frozenset[str]:
    """The fields of a schema that change the steps of training."""
    return _marked(schema, STEPS)


@functools.cache
def _marked(schema: type[BaseModel], mark: str) -> frozenset[str]:
    return frozenset(name for name, field in schema.model_fields.items() if mark in field.metadata)
