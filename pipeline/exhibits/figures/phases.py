"""Shares over two axes: where a theorem's threshold lies, and what happens on its two sides."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits import labels
from pipeline.exhibits.figures import _curves, _style
from pipeline.exhibits.figures._curves import CURVE, PREDICTED
from pipeline.planning import code

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.exhibits.figures._curves import Arrays
    from pipeline.planning.model import Study

AT = "_at_"


def applies(study: "Study") -> bool:
    return not study.metrics and any(_phases(entry.key) for entry in study.methods)


def caption(study: "Study") -> str:
    return (
        "Shares over two sizes: dark where all succeed, white where none does, grey where there is nothing to try. "
        "Line: where half do. Dashed: the theorem's threshold, to leading order."
    )


def draw(results: "Results") -> Any:
    panels = [
        (variant, method, arrays, name, counted)
        for (variant, method), cell in results.cells.items()
        for name, counted in _phases(method).items()
        if (arrays := _curves.arrays(cell))
    ]
    if not panels:
        return _style.nothing("no repetition of these checks was made here")
    figure, axes, _ = _style.grid(len(panels), 2, 2.6)
    for axis, (variant, method, arrays, name, counted) in zip(axes, panels, strict=True):
        drawn = _map(axis, arrays, name)
        axis.set_title(f"{method}: {labels.words(name)}, {labels.words(variant)}")
        axis.set_xlabel(code.method(method).attributes["swept"])
        axis.set_ylabel(counted)
        figure.colorbar(drawn, ax=axis, label="share")
    _style.legend(figure, axes)
    return figure


def _phases(method: str) -> dict[str, str]:
    """Quantity -> what it counts, of a check that measures the shares."""
    found: dict[str, str] = code.method(method).attributes["thresholds"]
    return found


def _map(axis: Any, arrays: "Arrays", name: str) -> Any:
    """Draw the shares and the two thresholds; return the map."""
    import numpy as np
    from matplotlib.ticker import FixedLocator, NullLocator, ScalarFormatter

    start, sizes = f"{CURVE}{name}{AT}", arrays["sizes"]
    heights = sorted(int(key.removeprefix(start)) for key in arrays if key.startswith(start))
    shares = np.array([arrays[f"{start}{height}"].mean(0) for height in heights])
    drawn = axis.pcolormesh(_edges(sizes), _edges(heights), shares, cmap="Blues", vmin=0, vmax=1, rasterized=True)
    axis.set_facecolor(_style.RULE)
    axis.plot(sizes, arrays[CURVE + name].mean(0), "o-", color=_style.INK, markersize=2.5, label="half")
    if PREDICTED + name in arrays:
        axis.plot(sizes, arrays[PREDICTED + name], "--", color=_style.COLOURS[1], label="predicted")
    axis.set_xscale("log")
    axis.set_yscale("log")
    for each, places in ((axis.xaxis, sizes.tolist()), (axis.yaxis, heights[:: -(-len(heights) // 6)])):
        each.set_major_locator(FixedLocator(places))
        each.set_minor_locator(NullLocator())
        each.set_major_formatter(ScalarFormatter())
    low, *_, high = _edges(heights)
    axis.set_ylim(low, high)
    return drawn


def _edges(values: Any) -> Any:
    """(N + 1,) of cells around (N,) values, half-way by their logarithms."""
    import numpy as np

    logs = np.log(np.asarray(values, np.float64))
    middle = (logs[1:] + logs[:-1]) / 2
    return np.exp(np.concatenate([[2 * logs[0] - middle[0]], middle, [2 * logs[-1] - middle[-1]]]))
