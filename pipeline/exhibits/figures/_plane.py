"""Methods as points of a plane of two metrics."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits import labels
from pipeline.exhibits.figures import _style, _sweeps

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results


def middle(cell: "Cell", x: str, y: str) -> tuple[float, float] | None:
    """The means over the seeds that have both metrics."""
    values = [cell.sample(name).values for name in (x, y)]
    seeds = [seed for seed in values[0] if seed in values[1]]
    if not seeds:
        return None
    across, up = (sum(of[seed] for seed in seeds) / len(seeds) for of in values)
    return across, up


def draw(results: "Results", x: str, y: str, joined: str | None = None) -> Any:
    """The first variant's methods, named; other variants hollow, or only the sweeps of the setting `joined`."""
    from matplotlib.figure import Figure

    variants = results.variants()
    found = {place: point for place, cell in results.cells.items() if (point := middle(cell, x, y))}
    if not found:
        return _style.nothing(f"No run of this study has both {labels.words(x)} and {labels.words(y)}.")
    figure = Figure(figsize=(_style.WIDTH, 4.6))
    axis = figure.subplots()
    named = []
    for method in results.methods(variants[0]):
        if point := found.get((variants[0], method)):
            base = method == results.study.baseline
            axis.plot(*point, "o", color=_style.COLOURS[int(base)], markersize=5 if base else 3.5)
            named.append((*point, method))
    if joined is None:
        for number, variant in enumerate(variants[1:], 1):
            colour = _style.COLOURS[number % len(_style.COLOURS)]
            marker = _style.MARKERS[number % len(_style.MARKERS)]
            points = [(m, found[v, m]) for v, m in found if v == variant]
            for method, point in points:
                if start := found.get((variants[0], method)):
                    axis.plot(*zip(start, point, strict=True), color=colour, linewidth=0.4, alpha=0.6, zorder=1)
                axis.plot(*point, marker, color=colour, markerfacecolor="none", markersize=4)
            if points:
                axis.plot([], [], marker, color=colour, markerfacecolor="none", markersize=4, label=variant)
    else:
        swept = [s for s in _sweeps.find(results) if s.name == joined]
        for number, sweep in enumerate(swept):
            colour = _style.COLOURS[2 + number % (len(_style.COLOURS) - 2)]
            places = [(value, variant, found[variant, sweep.method]) for value, variant in sweep.points
                      if (variant, sweep.method) in found]  # fmt: skip
            axis.plot(*zip(*(point for *_, point in places), strict=True), color=colour, label=sweep.method, zorder=1)
            for value, variant, point in places:
                if variant != variants[0]:
                    axis.plot(*point, "o", color=colour, markerfacecolor="white", markersize=3.5)
                    named.append((*point, f"{joined} {value:g}"))
    axis.set(xlabel=labels.metric(x).lower(), ylabel=labels.metric(y).lower())
    axis.margins(0.08)
    axis.grid()
    _style.legend(figure, [axis])
    _style.name_points(axis, named)
    return figure
