"""Accuracy under attack against accuracy of images as they are, one point a method and variant, with intervals."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style, _sweeps

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

CLEAN, ROBUST = "top1", "robust_aa"
PATH = 3
"""So many points of a sweep are joined."""


def applies(study: "Study") -> bool:
    return False


def caption(study: "Study") -> str:
    return (
        "Accuracy under the ensemble of attacks against accuracy on the test images as they are, mean and 95% interval "
        "of both: up and to the right is better. Filled and named by their method, the first variant; hollow, others "
        "that the same attack is made on. Intervals end at the frame. A line joins the values of one number that a "
        "method was tried with."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    from pipeline.exhibits import labels

    first = results.variants()[0]
    attack = _attack(next(iter(results.cells.values())))
    found = {
        place: (across, up)
        for place, cell in results.cells.items()
        if _attack(cell) == attack and (across := cell.estimate(CLEAN)) and (up := cell.estimate(ROBUST))
    }
    if not found:
        return _style.nothing(f"No run of this study has both {labels.words(CLEAN)} and {labels.words(ROBUST)}.")
    figure = Figure(figsize=(_style.WIDTH, 4.6))
    axis = figure.subplots()
    methods = list(dict.fromkeys(method for _, method in found))
    names = {place: place[1] if place[0] == first else _style.named(place[0]) for place in found}
    for sweep in _sweeps.find(results):
        path = [(value, (variant, sweep.method)) for value, variant in sweep.points if (variant, sweep.method) in found]
        if len(path) >= PATH:
            number = methods.index(sweep.method)
            points = [(across.mean, up.mean) for across, up in (found[place] for _, place in path)]
            axis.plot(*zip(*points, strict=True), color=_colour(number), linewidth=0.9, zorder=1)
            names |= {place: f"{sweep.name} {value:g}" for value, place in path if place[0] != first}
    for (variant, method), (across, up) in found.items():
        number = methods.index(method)
        for estimate, line in ((across, axis.hlines), (up, axis.vlines)):
            if estimate.low is not None and estimate.high is not None:
                middle = up.mean if estimate is across else across.mean
                line(middle, estimate.low, estimate.high, color=_colour(number), linewidth=0.8, alpha=0.6)
        axis.plot(
            across.mean,
            up.mean,
            marker=_style.MARKERS[number % len(_style.MARKERS)],
            color=_colour(number),
            markerfacecolor=_colour(number) if variant == first else "white",
            markersize=4.5 if variant == first else 3.5,
        )
    axis.set(xlabel="accuracy of images as they are (%)", ylabel="accuracy under attack (%)")
    # by the points: an interval of few seeds may be as wide as all that is possible
    axis.set_xlim(*_limits([across.mean for across, _ in found.values()]))
    axis.set_ylim(*_limits([up.mean for _, up in found.values()]))
    axis.grid()
    ordered = sorted(found.items(), key=lambda item: item[0][0] != first)
    _style.name_points(axis, [(across.mean, up.mean, names[place]) for place, (across, up) in ordered])
    return figure


def _limits(values: list[float]) -> tuple[float, float]:
    beside = 0.08 * max(max(values) - min(values), 1.0)
    return min(values) - beside, max(values) + beside


def _colour(number: int) -> str:
    return _style.COLOURS[number % len(_style.COLOURS)]


def _attack(cell: "Cell") -> tuple[Any, ...]:
    """What is comparable is attacked in one ball."""
    attack = cell.runs[0].settings["attack"]
    return attack["norm"], attack["radius"]
