"""Shares of repetitions in which a theorem's statement held: bounds, intervals, and whole statements."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits import labels
from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

ROW = 0.17
"""Inches."""


def applies(study: "Study") -> bool:
    return not study.metrics


def caption(study: "Study") -> str:
    return (
        "In which share of repetitions a bound was violated, an interval held the truth, or every part of a statement "
        "held, with exact 95% intervals. Grey: controls and other variants, in which an assumption is another."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits import statistics
    from pipeline.exhibits.cells import SHARE

    found: dict[str, list[tuple[str, Cell, str]]] = {}
    for (variant, _), cell in results.cells.items():
        for name in cell.metrics:
            described = labels.described(name)
            if described is not None and labels.bounds(name) == SHARE:
                found.setdefault(described.name, []).append((variant, cell, name))
    if not found:
        return _style.nothing("no check here measures a share")
    figure, axes = _panels([len(rows) for rows in found.values()])
    first = next(iter(results.study.variants))
    for axis, (metric, rows) in zip(axes, found.items(), strict=True):
        for place, (variant, cell, name) in enumerate(rows):
            value = statistics.mean(cell.sample(name), SHARE)
            if value is not None and value.low is not None:
                colour = _style.COLOURS[0] if variant == first else _style.SOFT
                axis.plot([value.low, value.high], [place, place], color=colour, linewidth=1.1)
                axis.plot(value.mean, place, "o", color=colour, markersize=3.5)
        axis.set_yticks(range(len(rows)), [_row(first, *row) for row in rows], fontsize=6)
        axis.set_ylim(len(rows) - 0.4, -0.6)
        axis.set_xlim(-0.02, 1.02)
        axis.set_title(labels.metric(metric))
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)
        axis.grid(axis="x")
    return figure


def _panels(rows: list[int]) -> tuple[Any, list[Any]]:
    """One panel below the other, as high as its rows are many."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(_style.WIDTH, sum(ROW * number + 0.45 for number in rows)))
    axes = figure.subplots(len(rows), 1, squeeze=False, gridspec_kw={"height_ratios": rows})
    return figure, list(axes.ravel())


def _row(first: str, variant: str, cell: "Cell", name: str) -> str:
    described = labels.described(name)
    assert described is not None
    suffix = name.removeprefix(described.name).removeprefix("_")
    parts = [cell.runs[0].method, *[labels.words(suffix)] * bool(suffix), *[labels.words(variant)] * (variant != first)]
    return ", ".join(parts)
