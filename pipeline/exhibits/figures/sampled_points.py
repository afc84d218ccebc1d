"""Which points labels were bought of, on the square that they lie in, and what least squares on them are worth."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits import labels
from pipeline.exhibits.figures import _curves, _style
from pipeline.exhibits.figures._curves import CURVE
from pipeline.planning import code

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.exhibits.figures._curves import Arrays
    from pipeline.planning.model import Study

ERROR, ACROSS, UP = f"{CURVE}error_", f"{CURVE}across_", f"{CURVE}up_"
"""What begins the names of errors by scheme, and of the coordinates of each scheme's samples."""
ALL = "all"
"""The scheme that has the labels of all points."""


def applies(study: "Study") -> bool:
    return False


def caption(study: "Study") -> str:
    return (
        "Above: relative error of least squares on sampled points against their number, the geometric mean over "
        "repetitions, for each problem; grey: with the labels of all points. Below: the points of one sample of each "
        "scheme, equally many."
    )


def draw(results: "Results") -> Any:
    from matplotlib.figure import Figure

    made = [(variant, method, _curves.arrays(cell)) for (variant, method), cell in results.cells.items()]
    errors = [(variant, method, arrays) for variant, method, arrays in made if _schemes(arrays, ERROR)]
    places = [(arrays, name) for _, _, arrays in made for name in _schemes(arrays, ACROSS)][:4]
    if not errors or not places:
        return _style.nothing("no repetition of these checks was made here")
    columns = 3
    rows = -(-len(errors) // columns)
    figure: Any = Figure(figsize=(_style.WIDTH, 1.9 * rows + 1.9))
    above, below = figure.subfigures(2, 1, height_ratios=(1.9 * rows, 1.9))
    axes = above.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes[len(errors) :]:
        axis.remove()
    for axis, (variant, method, arrays) in zip(axes, errors, strict=False):
        _errors(axis, arrays)
        axis.set_title(f"{method}\n{labels.words(variant)}")
        axis.set_xlabel(code.method(method).attributes["swept"])
    _style.legend(above, axes[: len(errors)])
    for axis, (arrays, name) in zip(below.subplots(1, len(places), squeeze=False).ravel(), places, strict=True):
        axis.plot(arrays[ACROSS + name][0], arrays[UP + name][0], ".", color=_style.INK, markersize=2.5)
        axis.set_title(labels.words(name))
        axis.set(xlim=(-1.08, 1.08), ylim=(-1.08, 1.08), xticks=(), yticks=(), aspect="equal")
        axis.spines[["top", "right"]].set_visible(True)
    return figure


def _schemes(arrays: "Arrays", start: str) -> list[str]:
    return [name.removeprefix(start) for name in arrays if name.startswith(start)]


def _errors(axis: Any, arrays: "Arrays") -> None:
    import numpy as np
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    for number, name in enumerate(name for name in _schemes(arrays, ERROR) if name != ALL):
        means = np.exp(np.log(arrays[ERROR + name]).mean(0))
        style = {"color": _style.COLOURS[number % len(_style.COLOURS)], "marker": _style.MARKERS[number]}
        axis.plot(arrays["sizes"], means, markersize=2.5, label=labels.words(name), **style)
    if ERROR + ALL in arrays:
        axis.axhline(float(arrays[ERROR + ALL][0, 0]), color=_style.SOFT, linewidth=1.0, label="all labels")
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(numticks=6))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.grid()
