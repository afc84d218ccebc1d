"""The pieces of schemas, and reading YAML by them. Unknown keys are errors; nothing is coerced silently."""

import functools
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import UserError, nearest


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


Share = Annotated[float, Field(ge=0, le=1)]
Range = Annotated[list[Share], Field(min_length=2, max_length=2)]
Count = Annotated[int, Field(ge=1)]
Whole = Annotated[int, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]
Direction = Literal["higher", "lower"]
T = TypeVar("T")
EVALUATED = "read by evaluation alone"
Evaluated = Annotated[T, EVALUATED]
"""The type of a setting that training does not read: changing it trains nothing anew."""


def _ascending(bounds: list[float]) -> list[float]:
    if bounds[0] > bounds[1]:
        raise ValueError("the lower bound must come first")
    return bounds


Span = Annotated[Range, AfterValidator(_ascending)]
PositiveSpan = Annotated[list[Positive], Field(min_length=2, max_length=2), AfterValidator(_ascending)]


def read_yaml(path: Path) -> dict[str, Any]:
    """A mapping from a YAML file; UserError names the line where it is not one."""
    try:
        value = yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except FileNotFoundError:
        raise UserError(f"{path}: missing") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        place = f" line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{place}: not valid YAML: {getattr(error, 'problem', None) or error}") from None
    if not isinstance(value, dict):
        raise UserError(f"{path}: expected a mapping of keys to values, found {type(value).__name__}")
    return value


Schema = TypeVar("Schema", bound=Strict)


def check(schema: type[Schema], value: Any, where: str) -> Schema:
    """Validate; UserError is one line naming the key, the value and what would be right."""
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        raise UserError(f"{where}: {_first(schema, error)}") from None


def _first(schema: type[BaseModel], error: ValidationError) -> str:
    first = error.errors()[0]
    place, kind, given = first["loc"], first["type"], first["input"]
    key = ".".join(str(part) for part in place)
    if kind == "extra_forbidden":
        return f"unknown key '{key}'{nearest(str(place[-1]), _fields(schema, place))}"
    if kind == "missing":
        return f"'{key}' is missing"
    message = first["msg"].removeprefix("Value error, ")
    if not place:
        return message
    return f"{key} = {given!r}: {message[0].lower() + message[1:]}"


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


@functools.cache
def evaluated(schema: type[BaseModel]) -> frozenset[str]:
    """The fields of a schema that only evaluation reads."""
    return frozenset(name for name, field in schema.model_fields.items() if EVALUATED in field.metadata)
