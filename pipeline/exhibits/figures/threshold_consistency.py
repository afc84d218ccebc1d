"""How much classes differ in what a threshold is worth to them, against recall: one point a method and variant."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

ACROSS, UP = "recall_1", "opis"
SHOWN = 0.8
"""Of the best recall: what has less has learned too little for its thresholds to matter."""


def applies(study: "Study") -> bool:
    return ACROSS in study.metrics and UP in study.metrics


def caption(study: "Study") -> str:
    return (
        "Inconsistency of operating points over unseen classes (OPIS) against recall, mean and 95% "
        "interval: down and to the right is better. Filled and named by their method, the first variant; hollow "
        "and named by themselves, other variants on the same images. The line joins the methods of the first variant "
        "that no other one exceeds in both. References, and what has less than four fifths of the best recall, are "
        "left out."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    first = results.variants()[0]
    left_out = {entry.key for entry in results.study.methods if entry.reference}
    usual = _images(results, first)
    found = {
        place: (across, up)
        for place, cell in results.cells.items()
        if place[1] not in left_out
        and _images(results, place[0]) == usual
        and (across := cell.estimate(ACROSS))
        and (up := cell.estimate(UP))
    }
    best = max((across.mean for across, _ in found.values()), default=0.0)
    found = {place: ends for place, ends in found.items() if ends[0].mean >= SHOWN * best}
    if not found:
        return _style.nothing("No run of this study has both recall and OPIS.")
    figure = Figure(figsize=(_style.WIDTH, 4.2))
    axis = figure.subplots()
    methods = list(dict.fromkeys(method for _, method in found))
    for (variant, method), (across, up) in found.items():
        number = methods.index(method)
        colour = _style.COLOURS[number % len(_style.COLOURS)]
        if across.low is not None and across.high is not None:
            axis.hlines(up.mean, across.low, across.high, color=colour, linewidth=0.8, alpha=0.5)
        if up.low is not None and up.high is not None:
            axis.vlines(across.mean, up.low, up.high, color=colour, linewidth=0.8, alpha=0.5)
        axis.plot(
            across.mean,
            up.mean,
            marker=_style.MARKERS[number % len(_style.MARKERS)],
            color=colour,
            markerfacecolor=colour if variant == first else "white",
            markersize=4.5 if variant == first else 3.5,
        )
    points = [(across.mean, up.mean) for (variant, _), (across, up) in found.items() if variant == first]
    axis.plot(*zip(*_front(points), strict=True), color=_style.SOFT, linewidth=0.8, zorder=1)
    axis.set(xlabel="recall at 1 of unseen classes (%)", ylabel="OPIS (1e-3)")
    axis.grid()
    names = {place: place[1] if place[0] == first else _style.named(place[0]) for place in found}
    ordered = sorted(found.items(), key=lambda item: item[0][0] != first)
    _style.name_points(axis, [(across.mean, up.mean, names[place]) for place, (across, up) in ordered], size=5)
    return figure


def _images(results: "Results", variant: str) -> Any:
    """What is tested in a variant: data set and classes."""
    (settings, *_) = [cell.runs[0].settings for (of, _), cell in results.cells.items() if of == variant]
    return {name: settings.get(name) for name in ("dataset", "classes", "test_examples", "tested_too")}


def _front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points (recall, inconsistency) that none exceeds in both, by recall."""
    found = [p for p in points if not any(q != p and q[0] >= p[0] and q[1] <= p[1] for q in points)]
    return sorted(found)
