"""What designs are worth on the way of a search, and what the surrogate takes them for."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

METRIC = "design_course"
SIDES = {"true": ("true score", "-"), "predicted": ("predicted score", "--")}


def applies(study: "Study") -> bool:
    return METRIC in study.measured


def caption(study: "Study") -> str:
    return (
        "Mean score of the designs while a search goes on, by the function and by the surrogate that is searched, in "
        "the first variant; mean over seeds and 95% interval. 0 is the worst known design, 1 the best that there is. "
        "Dotted: the best known design."
    )


def draw(results: "Results") -> Any:
    first = next(iter(results.variants()), "")
    cells = {method: results.cells[first, method] for method in (results.methods(first) if first else [])}
    searched = {method: cell for method, cell in cells.items() if _points(cell, "predicted")}
    if not searched:
        return _style.nothing("No run of this study searched a surrogate.")
    known = cells[floor].estimate("design_score") if (floor := results.study.floor) in cells else None
    figure, axes, columns = _style.grid(len(searched), 3, 1.8, sharex=True, sharey=True)
    for number, (axis, (method, cell)) in enumerate(zip(axes, searched.items(), strict=True)):
        for colour, (side, (label, dashes)) in zip(_style.COLOURS, SIDES.items(), strict=False):
            points = _points(cell, side)
            shares = [share for share, _ in points]
            axis.plot(shares, [estimate.mean for _, estimate in points], dashes, color=colour, label=label)
            for share, estimate in points:
                if estimate.low is not None:
                    axis.plot([share, share], [estimate.low, estimate.high], color=colour, linewidth=0.7, alpha=0.6)
        if known is not None:
            axis.axhline(known.mean, color=_style.SOFT, linestyle=":", linewidth=1)
        _style.title(axis, method)
        axis.grid()
        if number % columns == 0:
            axis.set_ylabel("score")
        if number + columns >= len(searched):
            axis.set_xlabel("search done (%)")
    _style.legend(figure, axes, 2)
    return figure


def _points(cell: "Cell", side: str) -> list[tuple[int, Any]]:
    """(percentage of the search done, estimate), ascending."""
    prefix = f"{METRIC}_{side}_"
    found = [(int(n.removeprefix(prefix)), cell.estimate(n)) for n in cell.metrics if n.startswith(prefix)]
    return sorted([(share, estimate) for share, estimate in found if estimate is not None], key=lambda each: each[0])
