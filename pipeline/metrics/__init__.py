"""What is measured: one file a metric, found by its name.

A file states LABEL, UNIT, BOUNDS (None where there is none) and DIRECTION as literals: planning and exhibits read them
from the syntax tree, without importing torch. DIRECTION is "higher" or "lower", whichever is better, or None.
`compute` takes what the protocol's evidence has under the names of its arguments and returns one of

- a tensor (N,), values per example whose mean is the metric;
- a number, or None where the metric does not apply;
- a pair of a number and such a tensor, where the number is only nearly the tensor's mean;
- a dict of these by suffix: "" is the metric itself, "x" is recorded as `<name>_x`.
"""

import ast
import functools
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import lookup
from pipeline.errors import UserError, unknown

if TYPE_CHECKING:
    from torch import Tensor

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Metric:
    """What a metric's file says of it."""

    name: str
    label: str
    unit: str
    bounds: tuple[float, float]
    direction: str | None
    needs: tuple[str, ...]
    """The names of the evidence that it is computed from."""
    suffixes: bool
    """Whether it has further values, recorded under its name and a suffix."""


@functools.cache
def known() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.py") if not path.stem.startswith("_")))


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


def measure(evidence: Any, names: Iterable[str]) -> tuple[dict[str, float], dict[str, "Tensor"]]:
    """Metrics by name and, of those that have any, values per example whose mean they are.

    evidence: an object with an attribute for whatever the metrics need, looked up only for the metrics named. A name
    with a suffix measures its metric with all suffixes. Metrics that do not apply are left out; whether numbers are
    finite is for the caller to see. Gradients are as the caller has set them.
    """
    metrics: dict[str, float] = {}
    examples: dict[str, Tensor] = {}
    # not `map`: once imported, a metric's module goes by its name here too
    for metric in dict.fromkeys(describe(name) for name in names):
        compute = lookup.module(f"metrics.{metric.name}").compute
        found = compute(**{need: getattr(evidence, need) for need in metric.needs})
        for suffix, value in found.items() if isinstance(found, dict) else [("", found)]:
            name = f"{metric.name}_{suffix}" if suffix else metric.name
            if isinstance(value, tuple):
                metrics[name], examples[name] = value
            elif isinstance(value, int | float):
                metrics[name] = float(value)
            elif value is not None:
                metrics[name], examples[name] = float(value.double().mean()), value
    return metrics, examples


@functools.cache
def _read(key: str) -> Metric:
    """A metric's file, read from its syntax tree."""
    path = FOLDER / f"{key}.py"
    body = ast.parse(path.read_text(), str(path)).body
    try:
        stated = {
            node.targets[0].id: ast.literal_eval(node.value)
            for node in body
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id.isupper()
        }
        low, high = stated["BOUNDS"]
        label, unit, direction = (stated[name] for name in ("LABEL", "UNIT", "DIRECTION"))
        compute = next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == "compute")
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
        needs=tuple(argument.arg for argument in compute.args.args),
        suffixes=compute.returns is not None and ast.unparse(compute.returns).startswith("dict"),
    )
