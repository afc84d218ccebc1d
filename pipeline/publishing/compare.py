"""What is made here against what is published of the same run: the same, within the spread of seeds, or off.

Arithmetic differs between kinds of machines in the last bits, which training multiplies: there a run is another draw,
as with another seed. So it is held against the spread over seeds. On the machine that the published run was made on
nothing may differ.
"""

from collections.abc import Iterable, Mapping
from statistics import median, stdev
from typing import Any, Literal, NamedTuple

from pipeline.publishing.store import Published, PublishedRun, device, versions

Outcome = Literal["identical", "within", "off"]
OUTCOMES: tuple[Outcome, ...] = ("identical", "within", "off")
"""From the best to the worst."""
FAR = 6.0
"""So many standard deviations over seeds is far: of the difference of two seeds it is 4.2, one chance in 40,000 where
they are normal, and a table has a thousand numbers."""
DIGITS = 6
"""Of a published number."""


class Difference(NamedTuple):
    metric: str
    """Or "status"."""
    here: float | str | None
    published: float | str | None
    spread: float
    """The standard deviation over seeds."""


class Comparison(NamedTuple):
    outcome: Outcome
    worst: Difference | None
    """What differs most, in units of its spread; None where nothing does."""
    alike: bool
    """Whether device, precision and versions are the same, so that nothing may differ."""


def spreads(published: Published) -> dict[tuple[str, str, str], float]:
    """(variant, method, metric) -> the standard deviation over published seeds, or the median one of the metric's
    cells where that is more: of few seeds it is often far too small."""
    found: dict[tuple[str, str, str], float] = {}
    for (variant, method), runs in published.cells.items():
        for metric in sorted({name for run in runs for name in run.metrics}):
            values = [run.metrics[metric] for run in runs if metric in run.metrics]
            found[variant, method, metric] = stdev(values) if len(values) > 1 else 0.0
    typical: dict[str, float] = {}
    for metric in {metric for *_, metric in found}:
        known = [spread for (*_, name), spread in found.items() if name == metric and spread > 0]
        typical[metric] = median(known) if known else 0.0
    return {place: max(spread, typical[place[2]]) for place, spread in found.items()}


def run(result: Mapping[str, Any], run: PublishedRun, spread: Mapping[tuple[str, str, str], float]) -> Comparison:
    """A run's result here against the published one."""
    alike = machine(result) == machine(run.result)
    status = (result["status"], run.result["status"])
    here = {name: round(float(value), DIGITS) for name, value in result["metrics"].items()} if status[0] == "ok" else {}
    differences = []
    for name in sorted(here.keys() | run.metrics.keys()):
        ends = here.get(name), run.metrics.get(name)
        if ends[0] != ends[1]:
            differences.append(Difference(name, *ends, spread.get((run.variant, run.method, name), 0.0)))
    farthest = max(differences, key=_far, default=None)
    if status[0] != status[1]:
        return Comparison("off", Difference("status", *status, 0.0), alike)
    if farthest is None:
        return Comparison("identical", None, alike)
    return Comparison("off" if alike or _far(farthest) > FAR else "within", farthest, alike)


def _far(found: Difference) -> float:
    """A difference in units of the spread; a thousandth of the value where there is no spread to speak of."""
    if not isinstance(found.here, float) or not isinstance(found.published, float):
        return float("inf")
    least = 1e-3 * max(abs(found.published), 1e-3)
    return abs(found.here - found.published) / max(found.spread, least)


def machine(result: Mapping[str, Any]) -> tuple[str, ...]:
    """What must be the same for the same bytes."""
    described = result["device"]
    return device(described), str(described["precision"]), str(described["threads"]), versions(result)


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    return max(outcomes, key=OUTCOMES.index)
