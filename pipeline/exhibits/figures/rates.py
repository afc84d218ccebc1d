"""What checks of theorems measured over their sizes, with what the theorems predict."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits import labels
from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    import numpy as np

    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

CURVE, PREDICTED = "curve_", "predicted_"
THIN = 30
"""So many repetitions are drawn one by one."""


Panel = tuple[str, "np.ndarray", "np.ndarray", "np.ndarray | None"]
"""Title, sizes (S,), values (R, S) and predictions (S,) of a quantity."""


def applies(study: "Study") -> bool:
    return not study.metrics


def caption(study: "Study") -> str:
    return (
        "Each quantity that a check measures at several sizes, on logarithmic axes where it is positive. Thin lines: "
        "repetitions. Line: their mean. Dashed: what the theorem predicts."
    )


def draw(results: "Results") -> Any:
    panels = [panel for place, cell in results.cells.items() for panel in _panels(place, cell)]
    figure, axes, _ = _style.grid(max(len(panels), 1), 3, 1.9)
    for axis, (title, sizes, values, predicted) in zip(axes, panels, strict=False):
        axis.plot(sizes, values[:THIN].T, color=_style.COLOURS[0], linewidth=0.4, alpha=0.35)
        axis.plot(sizes, values.mean(0), "o-", color=_style.COLOURS[0], markersize=3, label="measured")
        if predicted is not None:
            axis.plot(sizes, predicted, "--", color=_style.COLOURS[1], label="predicted")
        axis.set_title(title)
        axis.set_xscale("log")
        if (values > 0).all() and (predicted is None or (predicted > 0).all()):
            axis.set_yscale("log")
        axis.grid()
    if not panels:
        axes[0].text(0.5, 0.5, "no check here has sizes", ha="center", transform=axes[0].transAxes)
        axes[0].set_axis_off()
    _style.legend(figure, axes)
    return figure


def _panels(place: tuple[str, str], cell: "Cell") -> "list[Panel]":
    """Those of the cell's first seed."""
    arrays: dict[str, np.ndarray] = next(iter(cell.examples.values()), {})
    if "sizes" not in arrays or len(sizes := arrays["sizes"]) < 2:
        return []
    variant, method = place
    where = method if variant == "default" else f"{method}, {variant}"
    names = [name.removeprefix(CURVE) for name in arrays if name.startswith(CURVE)]
    return [
        (f"{where}\n{labels.words(name)}", sizes, arrays[CURVE + name], arrays.get(PREDICTED + name)) for name in names
    ]
