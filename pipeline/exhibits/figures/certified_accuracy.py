"""Certified accuracy against the radius, one curve a method, with the accuracy under attack beside it."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _radii, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

EMPIRICAL = "empirical"


def applies(study: "Study") -> bool:
    return False


def caption(study: "Study") -> str:
    return (
        "Certified accuracy, the share of test images with a right answer that no shift of this length can change, "
        "against the length, which is in shares of a pixel's range; all seeds together. Marks are accuracy under "
        "attack on the same images, which no certificate can exceed. The left panel has the study's first variant, the "
        "right one the others. The curve of a smoothed classifier ends where its samples can certify no more: at sigma "
        "times 2.5 with 1,000 samples and an error of 0.001, times 1.5 with 100 and 3.2 with 10,000."
    )


def draw(results: "Results") -> Any:
    curves = {place: found for place, cell in results.cells.items() if (found := _steps(cell)) is not None}
    if not curves:
        return _style.nothing("No certificate of this study was made here.")
    first = results.variants()[0]
    panels = [
        [place for place in curves if place[0] == first],
        [place for place in curves if place[0] != first],
    ]
    panels = [panel for panel in panels if panel]
    methods = list(dict.fromkeys(method for _, method in curves))
    figure, axes, columns = _style.grid(len(panels), 2, 3.1, sharex=True, sharey=True)
    for axis, panel in zip(axes, panels, strict=True):
        seen: dict[str, int] = {}
        for variant, method in panel:
            number = methods.index(method)
            colour = _style.COLOURS[number % len(_style.COLOURS)]
            turn = seen[colour] = seen.get(colour, -1) + 1  # methods share colours where there are many
            radii, shares = curves[variant, method]
            axis.step(
                radii,
                shares,
                where="post",
                color=colour,
                linestyle=("-", "--", ":", "-.")[turn % 4],
                linewidth=(1.4, 0.8)[turn // 4 % 2],
                label=method if variant == first else f"{method}, {variant}",
            )
            points = _radii.estimates(results.cells[variant, method], EMPIRICAL)
            axis.plot(
                list(points),
                [estimate.mean for estimate in points.values()],
                linestyle="none",
                color=colour,
                marker=_style.MARKERS[number % len(_style.MARKERS)],
                markersize=3.5,
                fillstyle="none" if turn else "full",
            )
        axis.set_title(first if panel[0][0] == first else "other variants")
        axis.set_xlabel("radius")
        axis.set_xlim(0, 1.02 * max(radii[-1] for radii, _ in curves.values()))
        axis.set_ylim(0, 100)
        axis.grid()
    for axis in axes[::columns]:
        axis.set_ylabel("certified accuracy (%)")
    _style.legend(figure, axes, 4)
    return figure


def _steps(cell: "Cell") -> tuple[list[float], list[float]] | None:
    """Radii and the share of images, of all seeds together, that are certified that far; None without certificates."""
    import numpy as np

    found = [arrays["certified_radii"] for arrays in _examples.kept(cell, "certified_radii")]
    if not found:
        return None
    # a constant answer has no end; nothing is seen beyond where the others have theirs
    ends = np.sort(np.minimum(np.concatenate(found), LONGEST))
    reached = ends[ends > 0]
    left = 100.0 * (len(reached) - np.arange(1, len(reached) + 1)) / len(ends)
    at_first = 100.0 * len(reached) / len(ends)
    return [0.0, *reached.tolist(), _past(reached)], [at_first, *left.tolist(), 0.0]


LONGEST = 10.0
"""In shares of a pixel's range."""


def _past(reached: Any) -> float:
    return float(reached[-1]) * 1.001 if len(reached) else 0.0
