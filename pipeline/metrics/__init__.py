"""What is measured: one file a metric, found by its name.

A file states LABEL, UNIT, BOUNDS (None where there is none) and DIRECTION as literals: planning and exhibits read them
from the syntax tree, without importing torch. DIRECTION is "higher" or "lower", whichever is better, or None.
A metric by which one can tell that nothing was learned may state CHANCE too, the value of a guess: a number, or "class"
where it is that of always naming the most frequent class.
`compute` takes what the protocol's evidence has under the names of its arguments and returns one of

- a tensor (N,), values per example whose mean is the metric;
- a number;
- an `Absent` that says why there is none: a method without such values, examples of which it is not defined. It may
  also be raised. So is a number that is not finite, and a mean over no example;
- a dict of these by suffix: "" is the metric itself, "x" is recorded as `<name>_x`.

A metric that is no mean over examples can be resampled over them all the same: the first argument of its `compute` is
then `counts` (`ops.resampling.Counts`), the others are numpy arrays, and in place of a number it returns (R,), one a
draw. An evaluation has one draw with every example once; exhibits have the bootstrap's, from the arrays that were kept
in predictions.npz by their names. Such a file imports no torch.
"""

import ast
import functools
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline import lookup
from pipeline.errors import Absent, UserError, unknown

if TYPE_CHECKING:
    from torch import Tensor

    from pipeline.ops.resampling import Array, Counts

FOLDER = Path(__file__).parent
COUNTS = "counts"
"""The argument of `compute` that is no evidence."""
NOTHING = ast.Constant("")


@dataclass(frozen=True)
class Metric:
    """What a metric's file says of it."""

    name: str
    label: str
    unit: str
    bounds: tuple[float, float]
    direction: str | None
    chance: float | str | None
    """What a guess is worth: a number, or "class" for always naming the most frequent class; None where that says
    nothing."""
    needs: tuple[str, ...]
    """The names of the evidence that it is computed from."""
    required: tuple[str, ...]
    """Those of them that are never None."""
    suffixes: bool
    """Whether it has further values, recorded under its name and a suffix."""
    redrawn: bool
    """Whether its `compute` takes `counts`."""

    def kept(self, arrays: Collection[str]) -> bool:
        """Whether it can be resampled from the arrays of a run, by their names; see `kept`."""
        names = {name.partition(".")[0] for name in arrays}
        return self.redrawn and names.issuperset(self.required)


@functools.cache
def known() -> tuple[str, ...]:
    return tuple(path.stem for path in lookup.keys(FOLDER.glob("*.py"), "metric"))


def describe(name: str, where: str = "") -> Metric:
    """The metric that a name, with or without a suffix, belongs to; UserError with the nearest one where none is."""
    for key in sorted(known(), key=len, reverse=True):
        if name == key or (name.startswith(f"{key}_") and _read(key).suffixes):
            return _read(key)
    raise unknown("metric", name, known(), where)


def check(metrics: Mapping[str, str], further: Iterable[str], evidence: Collection[str], where: str) -> None:
    """UserError where a study's metrics (name -> direction) or further ones cannot be measured.

    evidence: the names that the study's protocol has. where: the study's file, for the message.
    """
    for name in [*metrics, *further]:
        metric = describe(name, where)
        if lacking := [need for need in metric.needs if need not in evidence]:
            possible = [key for key in known() if all(need in evidence for need in _read(key).needs)]
            raise UserError(
                f"{where}: metric '{name}' needs {', '.join(lacking)}, which the study's protocol does not have; "
                f"it can measure {', '.join(possible) or 'none'}"
            )
    for name, direction in metrics.items():
        right = describe(name).direction
        if right is None:
            raise UserError(f"{where}: metrics.{name} = '{direction}': neither is better; move it to further_metrics")
        if direction != right:
            raise UserError(f"{where}: metrics.{name} = '{direction}': of '{name}' it is the {right} that is better")


class Measured(NamedTuple):
    """What was measured. A metric is among the values or, with the reason, among those that are absent."""

    values: dict[str, float]
    """By name, finite."""
    examples: "dict[str, Tensor]"
    """Of the metrics that have any, values (n,) per example whose mean they are."""
    absent: dict[str, str]
    """Name -> why there is no value."""


def measure(evidence: Any, names: Iterable[str]) -> Measured:
    """The metrics named; a name with a suffix measures its metric with all suffixes.

    evidence: an object with an attribute for whatever the metrics need, looked up only for the metrics named. Gradients
    are as the caller has set them.
    """
    from pipeline.ops.resampling import once

    found = Measured({}, {}, {})
    for metric in _files(names):
        needs = {need: getattr(evidence, need) for need in metric.needs}
        if metric.redrawn:
            arrays = {name: of.detach().cpu().numpy() for name, of in _kept(needs).items()}
            drawn = _computed(metric, _arguments(metric, arrays, once))
            values = {name: of if isinstance(of, Absent) else float(of[0]) for name, of in drawn.items()}
        else:
            values = _computed(metric, needs)
        for name, value in values.items():
            try:
                found.values[name] = _number(value)
            except Absent as reason:
                found.absent[name] = str(reason)
            else:
                if not isinstance(value, int | float | Absent):
                    found.examples[name] = value
    return found


def kept(evidence: Any, names: Iterable[str]) -> dict[str, "Tensor"]:
    """The evidence from which metrics can be resampled, by its name; a dict's entry "x" as `<name>.x`."""
    needed = dict.fromkeys(need for metric in _files(names) if metric.redrawn for need in metric.needs)
    return _kept({need: getattr(evidence, need) for need in needed})


def redrawn(metric: Metric, arrays: Mapping[str, "Array"], counts: "Counts | None" = None) -> dict[str, "Array"]:
    """The metric's values by name, (R,) each, in draws of `counts`, or in the one that has every example once.

    arrays: what `kept` gave, and perhaps more.
    """
    from pipeline.ops.resampling import once

    found = _computed(metric, _arguments(metric, arrays, counts or once))
    return {name: of for name, of in found.items() if not isinstance(of, Absent)}


def _arguments(metric: Metric, arrays: Mapping[str, "Array"], counts: "Counts") -> dict[str, Any]:
    """What the `compute` of a metric that can be resampled is given."""
    groups = {
        need: {name.removeprefix(f"{need}."): of for name, of in arrays.items() if name.startswith(f"{need}.")} or None
        for need in metric.needs
    }
    return {COUNTS: counts, **{need: arrays.get(need, groups[need]) for need in metric.needs}}


def _computed(metric: Metric, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a metric's file makes of its arguments, by name."""
    try:
        # not `map`: once imported, a metric's module goes by its name here too
        found = lookup.module(f"metrics.{metric.name}").compute(**arguments)
    except Absent as reason:
        found = reason
    return {_named(metric, suffix): of for suffix, of in (found if isinstance(found, dict) else {"": found}).items()}


def _number(value: Any) -> float:
    """A value that was computed as one finite number. Raises Absent where there is none."""
    if isinstance(value, Absent):
        raise value
    if isinstance(value, int | float):
        number = float(value)
    elif len(value):
        number = float(value.double().mean())
    else:
        raise Absent("there is no example that it is a mean over")
    if not math.isfinite(number):
        raise Absent(f"it is {number} on these examples")
    return number


def _files(names: Iterable[str]) -> list[Metric]:
    """The metrics that names, with or without suffixes, belong to, each once."""
    return list(dict.fromkeys(describe(name) for name in names))


def _named(metric: Metric, suffix: str) -> str:
    return f"{metric.name}_{suffix}" if suffix else metric.name


def _kept(needs: Mapping[str, Any]) -> dict[str, "Tensor"]:
    parts = {
        need: {f"{need}.{name}": of for name, of in value.items()} if isinstance(value, dict) else {need: value}
        for need, value in needs.items()
        if value is not None
    }
    return {name: of for part in parts.values() for name, of in part.items()}


@functools.cache
def _read(key: str) -> Metric:
    """A metric's file, read from its syntax tree."""
    path = FOLDER / f"{key}.py"
    body = ast.parse(path.read_text(encoding="utf-8"), str(path)).body
    try:
        stated = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
        }
        low, high = stated["BOUNDS"]
        label, unit, direction = (stated[name] for name in ("LABEL", "UNIT", "DIRECTION"))
        if (chance := stated.get("CHANCE")) not in (None, "class") and not isinstance(chance, float):
            raise ValueError
        compute = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == "compute")
        needs = {argument.arg: ast.unparse(argument.annotation or NOTHING) for argument in compute.args.args}
    except (KeyError, ValueError, TypeError, StopIteration):
        raise UserError(
            f"{path}: a metric needs LABEL, UNIT, BOUNDS and DIRECTION as literals, and a function compute"
        ) from None
    return Metric(
        name=key,
        label=label,
        unit=unit,
        bounds=(-math.inf if low is None else float(low), math.inf if high is None else float(high)),
        direction=direction,
        chance=chance,
        needs=tuple(need for need in needs if need != COUNTS),
        required=tuple(need for need, kind in needs.items() if need != COUNTS and "None" not in kind),
        suffixes=compute.returns is not None and ast.unparse(compute.returns).startswith("dict"),
        redrawn=COUNTS in needs,
    )
