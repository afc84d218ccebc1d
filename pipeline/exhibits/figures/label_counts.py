"""Accuracy against the number of labels and the share of unknown images; pseudo-labels used and right over training."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style, _sweeps

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

COURSE = "pseudo_course"
LABELS, UNKNOWN = "labelled_examples", "unknown_share"
COURSES = {"used": "unlabelled images used", "right": "right pseudo-labels among them"}

Points = dict[str, list[tuple[float, Any]]]
"""Method -> where it was measured, and the estimate there."""


def applies(study: "Study") -> bool:
    return COURSE in study.measured


def caption(study: "Study") -> str:
    unknown = any(UNKNOWN in variant for variant in study.variants.values())
    return (
        "Accuracy against the number of labels, mean over seeds and 95% interval; dashed, the ceiling. "
        + "Then accuracy against the share of unlabelled images whose classes are unknown. " * unknown
        + "Below, in the first variant, after each tenth of training: the share of unlabelled images whose "
        "pseudo-labels are used, and of those the share that is right."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits import labels

    metric = next(iter(results.study.metrics))
    swept = [
        (title, name, points)
        for title, name, points in (
            ("number of labels", LABELS, _points(results, metric, LABELS)),
            ("share of unknown classes", UNKNOWN, _points(results, metric, UNKNOWN)),
        )
        if len({x for each in points.values() for x, _ in each}) > 1
    ]
    first = results.variants()[0] if results.cells else ""
    courses = [(title, _course(results, first, part)) for part, title in COURSES.items()]
    courses = [(title, course) for title, course in courses if course]
    if not swept and not courses:
        return _style.nothing("No run of this study has several numbers of labels, or watched its pseudo-labels.")
    methods = [entry.key for entry in results.study.methods]
    figure, axes, _ = _style.grid(len(swept) + len(courses), 2, 2.5)
    for axis, (title, name, points) in zip(axes, swept, strict=False):
        ceiling = _ceiling(results, metric) if name == LABELS else None
        if ceiling is not None:
            axis.axhline(ceiling, color=_style.SOFT, linestyle="--", linewidth=0.9)
        _sweep(axis, points, methods, name == LABELS)
        axis.set(title=f"accuracy and the {title}", xlabel=title, ylabel=labels.metric(metric))
        axis.grid(axis="y")
    for axis, (title, course) in zip(axes[len(swept) :], courses, strict=True):
        for method, found in course.items():
            axis.plot(*zip(*found, strict=True), label=method, **_look(methods.index(method)))
        axis.set(title=title, xlabel="training done (%)", ylabel="share (%)")
        axis.grid()
    _style.legend(figure, axes, 5)
    return figure


def _points(results: "Results", metric: str, name: str) -> Points:
    """Of variants that change this number of the first variant, or of one another, and nothing else."""
    variants, first = results.study.variants, next(iter(results.variants()), "")
    stated = {
        key: {k: v for k, v in changes.items() if k not in _sweeps.BESIDE and k != name}
        for key, changes in variants.items()
    }
    alike: Mapping[str, Any] = {} if name == LABELS else next((stated[v] for v in variants if name in variants[v]), {})
    found: Points = {}
    for (variant, method), cell in results.cells.items():
        belongs = name in variants.get(variant, {}) or (name == LABELS and variant == first)
        x, estimate = cell.runs[0].settings.get(name), cell.estimate(metric)
        if belongs and stated.get(variant, {}) == alike and x is not None and estimate is not None:
            found.setdefault(method, []).append((float(x), estimate))
    return {method: sorted(points, key=lambda point: point[0]) for method, points in found.items()}


def _course(results: "Results", variant: str, part: str) -> dict[str, list[tuple[int, float]]]:
    """Method -> (percent of training, mean)."""
    found: dict[str, list[tuple[int, float]]] = {}
    for (place, method), cell in results.cells.items():
        prefix = f"{COURSE}_{part}_"
        names = [name for name in cell.metrics if name.startswith(prefix)] if place == variant else []
        points = [(int(n.removeprefix(prefix)), e.mean) for n in names if (e := cell.estimate(n)) is not None]
        if points:
            found[method] = sorted(points)
    return found


def _ceiling(results: "Results", metric: str) -> float | None:
    ceiling = results.study.ceiling
    cell = results.cells.get((ceiling.variant, ceiling.method)) if ceiling else None
    estimate = cell.estimate(metric) if cell else None
    return estimate.mean if estimate else None


def _sweep(axis: Any, points: Points, methods: list[str], logarithmic: bool) -> None:
    """A line a method, side by side where they are measured at the same numbers."""
    places = sorted({x for each in points.values() for x, _ in each})
    if logarithmic:
        axis.set_xscale("log")
    span = places[-1] / places[0] if logarithmic else places[-1] - places[0]
    for turn, (method, found) in enumerate(sorted(points.items(), key=lambda item: methods.index(item[0]))):
        aside = turn / max(len(points) - 1, 1) - 0.5
        look = _look(methods.index(method))
        at = [x * span ** (0.05 * aside) if logarithmic else x + 0.05 * span * aside for x, _ in found]
        axis.plot(at, [estimate.mean for _, estimate in found], label=method, **look)
        for x, (_, estimate) in zip(at, found, strict=True):
            if estimate.low is not None:
                axis.plot([x, x], [estimate.low, estimate.high], color=look["color"], linewidth=0.7, alpha=0.6)
    axis.set_xticks(places, [f"{place:g}" for place in places])
    axis.minorticks_off()


def _look(number: int) -> dict[str, Any]:
    """Of a method, the same in every panel; dashes tell apart those that share a colour."""
    turn = number // len(_style.COLOURS)
    return {
        "color": _style.COLOURS[number % len(_style.COLOURS)],
        "linestyle": ("-", "--", ":", "-.")[turn % 4],
        "marker": _style.MARKERS[number % len(_style.MARKERS)],
        "markersize": 3,
        "linewidth": 1.1,
    }
