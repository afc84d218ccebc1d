"""What checks of theorems measured over their sizes, with what the theorems predict."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits import labels
from pipeline.exhibits.figures import _style
from pipeline.planning import code

if TYPE_CHECKING:
    import numpy as np

    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

CURVE, PREDICTED = "curve_", "predicted_"
THIN = 30
"""So many repetitions are drawn one by one."""
TICKS = 5
ROUNDING = 1e-9
"""Of the largest value."""
SPAN = 10
"""What spans less is drawn on a plain axis."""


def applies(study: "Study") -> bool:
    return not study.metrics


def caption(study: "Study") -> str:
    return (
        "Each quantity that a check measures at several sizes, on logarithmic axes where it is positive and spans a "
        "decade. Thin lines: repetitions; of shares, a band instead, the exact 95% interval. Line: their mean. Dashed: "
        "what the theorem predicts. Grey: the check's other variants, such as controls."
    )


def draw(results: "Results") -> Any:
    cells = [cell for (variant, _), cell in results.cells.items() if variant == next(iter(results.study.variants))]
    panels = [(cell, name) for cell in cells for name in _quantities(_arrays(cell))]
    figure, axes, _ = _style.grid(max(len(panels), 1), 3, 1.9)
    for axis, (cell, name) in zip(axes, panels, strict=False):
        method = cell.runs[0].method
        others = [_arrays(other) for (_, key), other in results.cells.items() if key == method and other is not cell]
        for arrays in others:
            if CURVE + name in arrays:
                axis.plot(
                    arrays["sizes"], arrays[CURVE + name].mean(0), color=_style.SOFT, linewidth=1, label="control"
                )
        _measured(axis, _arrays(cell), name)
        axis.set_title(f"{method}\n{labels.words(name)}")
        axis.set_xlabel(code.method(method).attributes["swept"])
    if not panels:
        axes[0].text(0.5, 0.5, "no check here has sizes", ha="center", transform=axes[0].transAxes)
        axes[0].set_axis_off()
    _style.legend(figure, axes)
    return figure


def _measured(axis: Any, arrays: "dict[str, np.ndarray]", name: str) -> None:
    import numpy as np
    from scipy import stats

    sizes, values, predicted = arrays["sizes"], arrays[CURVE + name], arrays.get(PREDICTED + name)
    colour = _style.COLOURS[0]
    if np.isin(values, (0, 1)).all() and np.ptp(values, 0).any():
        ends = [stats.binomtest(int(hits), len(values)).proportion_ci() for hits in values.sum(0)]
        axis.fill_between(sizes, [end.low for end in ends], [end.high for end in ends], color=colour, alpha=0.2, lw=0)
    else:
        axis.plot(sizes, values[:THIN].T, color=colour, linewidth=0.4, alpha=0.35)
    axis.plot(sizes, values.mean(0), "o-", color=colour, markersize=3, label="measured")
    if predicted is not None:
        axis.plot(sizes, predicted, "--", color=_style.COLOURS[1], label="predicted")
    _logarithmic(axis.set_xscale, axis.xaxis)
    if values.min() > 0 and values.max() > SPAN * values.min():
        _logarithmic(axis.set_yscale, axis.yaxis)
    else:
        axis.ticklabel_format(axis="y", useOffset=False)
    axis.grid()


def _logarithmic(scale: Any, axis: Any) -> None:
    """A logarithmic axis with few plain numbers: matplotlib writes powers as formulas, which are off here."""
    from math import log10

    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    scale("log")
    low, high = axis.get_view_interval()
    few = log10(high / low) < 2
    axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=TICKS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _arrays(cell: "Cell") -> "dict[str, np.ndarray]":
    """Those of the cell's first seed."""
    found: dict[str, np.ndarray] = next(iter(cell.examples.values()), {})
    return found


def _quantities(arrays: "dict[str, np.ndarray]") -> list[str]:
    """What was measured at several sizes and is not the same everywhere, but for rounding."""
    import numpy as np

    if "sizes" not in arrays or len(arrays["sizes"]) < 2:
        return []
    curves = {name.removeprefix(CURVE): values for name, values in arrays.items() if name.startswith(CURVE)}
    return [name for name, values in curves.items() if np.ptp(values) > ROUNDING * np.abs(values).max()]
