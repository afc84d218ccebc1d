"""What checks of theorems measured over their sizes, with what the theorems predict."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits import labels
from pipeline.exhibits.figures import _curves, _style
from pipeline.exhibits.figures._curves import CURVE, PREDICTED
from pipeline.planning import code

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.exhibits.figures._curves import Arrays
    from pipeline.planning.model import Study

THIN = 30
"""So many repetitions are drawn one by one."""
TICKS = 5
ROUNDING = 1e-9
"""Of the largest value: what varies by less does not."""
TINY = 1e-6
"""What is never larger is what an iteration left of zero."""
SPAN = 10
"""What spans less is drawn on a plain axis."""


def applies(study: "Study") -> bool:
    return not study.metrics


def caption(study: "Study") -> str:
    return (
        "What each check measures at several sizes, on logarithmic axes where it is positive and spans a decade: "
        "the quantities that the theorem predicts or, where it predicts none of them, all. Thin lines: repetitions; "
        "of shares, a band instead, the exact 95% interval. Line: their mean. Dashed: what the theorem predicts, "
        "or, if it says the rate alone, that rate from the first mean on. Other colours: the check's other "
        "variants, among them the controls."
    )


def draw(results: "Results") -> Any:
    panels = [panel for method in _methods(results) for panel in _panels(results, method)]
    if not panels:
        return _style.nothing("no check here has sizes")
    figure, axes, _ = _style.grid(len(panels), 3, 1.9)
    for axis, (method, name, curves) in zip(axes, panels, strict=True):
        lines = [_measured(axis, arrays, name, number) for number, (_, arrays) in enumerate(curves)]
        _rate(axis, curves[0][1], name, code.method(method).attributes["rates"].get(name))
        _scaled(axis, [arrays for _, arrays in curves], name)
        axis.set_title(f"{method}\n{labels.words(name)}")
        axis.set_xlabel(code.method(method).attributes["swept"])
        if len(lines) > 1:
            others = [labels.words(variant) for variant, _ in curves[1:]]
            axis.legend(lines[1:], others, fontsize=5, handlelength=1, borderaxespad=0.2)
    _style.legend(figure, axes)
    return figure


def _methods(results: "Results") -> list[str]:
    return list(dict.fromkeys(method for _, method in results.cells))


def _panels(results: "Results", method: str) -> "list[tuple[str, str, list[tuple[str, Arrays]]]]":
    """Method, quantity, and of each variant that has it the arrays, the study's first variant first."""
    variants = [
        (variant, _curves.arrays(cell))
        for variant in results.study.variants
        if (cell := results.cells.get((variant, method))) is not None
    ]
    names = list(dict.fromkeys(name for _, arrays in variants for name in _quantities(arrays)))
    rates = code.method(method).attributes["rates"]
    predicted = [n for n in names if n in rates or any(PREDICTED + n in arrays for _, arrays in variants)]
    return [
        (method, name, [(variant, arrays) for variant, arrays in variants if CURVE + name in arrays])
        for name in predicted or names
    ]


def _measured(axis: Any, arrays: "Arrays", name: str, number: int) -> Any:
    """Draw one variant's curve, and return its line. number: its place; the first is drawn with its repetitions."""
    import numpy as np
    from scipy import stats

    sizes, values, predicted = arrays["sizes"], arrays[CURVE + name], arrays.get(PREDICTED + name)
    # the second colour is the prediction's
    colours = [_style.COLOURS[0], *_style.COLOURS[2:], _style.SOFT, _style.INK]
    colour, first = colours[number % len(colours)], number == 0
    if first and np.isin(values, (0, 1)).all() and np.ptp(values, 0).any():
        ends = [stats.binomtest(int(hits), len(values)).proportion_ci() for hits in values.sum(0)]
        axis.fill_between(sizes, [end.low for end in ends], [end.high for end in ends], color=colour, alpha=0.2, lw=0)
    elif first:
        axis.plot(sizes, values[:THIN].T, color=colour, linewidth=0.4, alpha=0.35)
    width, size = (1.4, 3) if first else (1.0, 2)
    label = {"label": "measured"} if first else {}
    (line,) = axis.plot(sizes, values.mean(0), "o-", color=colour, linewidth=width, markersize=size, **label)
    if predicted is not None:
        label = {"label": "predicted"} if first else {}
        dashes = _style.COLOURS[1] if first else colour
        axis.plot(sizes, predicted, "--", color=dashes, linewidth=width, zorder=3, **label)
    return line


def _rate(axis: Any, arrays: "Arrays", name: str, exponent: float | None) -> None:
    """A power of the sizes through the first mean, beside the curve of the first variant."""
    if exponent is not None:
        sizes, means = arrays["sizes"], arrays[CURVE + name].mean(0)
        powers = means[0] * (sizes / sizes[0]) ** exponent
        axis.plot(sizes, powers, "--", color=_style.COLOURS[1], zorder=3, label="predicted")


def _scaled(axis: Any, curves: "list[Arrays]", name: str) -> None:
    import numpy as np

    sizes = np.unique(np.concatenate([arrays["sizes"] for arrays in curves]))
    means = np.concatenate([arrays[CURVE + name].mean(0) for arrays in curves])
    drawn = np.append(means, curves[0][CURVE + name])
    _logarithmic(axis.set_xscale, axis.xaxis, sizes)
    if drawn.min() > 0 and drawn.max() > SPAN * drawn.min():
        _logarithmic(axis.set_yscale, axis.yaxis)
    else:
        axis.ticklabel_format(axis="y", useOffset=False)
    axis.grid()


def _logarithmic(scale: Any, axis: Any, values: Any = ()) -> None:
    """A logarithmic axis with few plain numbers: matplotlib writes powers as formulas, which are off here.

    values: what is there to be named, where it is little and close together.
    """
    from math import log10

    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, NullLocator

    scale("log", nonpositive="mask")
    low, high = axis.get_view_interval()
    few = log10(high / low) < 2
    if few and 0 < len(values) <= TICKS:
        axis.set_major_locator(FixedLocator(values))
    else:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5) if few else (1,), numticks=TICKS))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def _quantities(arrays: "Arrays") -> list[str]:
    """What was measured at several sizes and is not the same everywhere, or zero, but for rounding."""
    import numpy as np

    if "sizes" not in arrays or len(arrays["sizes"]) < 2:
        return []
    curves = {name.removeprefix(CURVE): values for name, values in arrays.items() if name.startswith(CURVE)}
    largest = {name: float(np.abs(values).max()) for name, values in curves.items()}
    return [
        name for name, values in curves.items() if np.ptp(values) > ROUNDING * largest[name] and largest[name] > TINY
    ]
