"""Verification: the share of pairs of one class that is accepted against that of pairs of two, from 1e-5 on."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

FALSE, TRUE = "false_accepts", "true_accepts"
LEAST = 1e-5


def applies(study: "Study") -> bool:
    return "tar_far3" in study.metrics


def caption(study: "Study") -> str:
    return (
        "Of pairs of images of one class that was never trained on, how many are accepted (true accept rate) where a "
        "share of the pairs of two such classes is (false accept rate), as the threshold moves; mean over seeds of "
        "methods that were made here. Up and to the left is better; dotted, one in a thousand. One panel a variant "
        "with several methods."
    )


def draw(results: "Results") -> Any:
    curves = {place: found for place, cell in results.cells.items() if (found := _mean(cell)) is not None}
    if not curves:
        return _style.nothing("No run of this study was made here: rates are not published.")
    of_variants = {
        variant: [place for place in curves if place[0] == variant] for variant in dict.fromkeys(v for v, _ in curves)
    }
    first = next(iter(of_variants))
    panels = {variant: places for variant, places in of_variants.items() if len(places) > 1 or variant == first}
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    methods = list(dict.fromkeys(method for _, method in curves))
    figure, axes, columns = _style.grid(len(panels), 3, 2.5, sharex=True, sharey=True)
    for axis, (variant, places) in zip(axes, panels.items(), strict=True):
        for place in places:
            number = methods.index(place[1])
            turn = number // len(_style.COLOURS)
            axis.plot(
                *curves[place],
                color=_style.COLOURS[number % len(_style.COLOURS)],
                linestyle=("-", "--", ":", "-.")[turn % 4],
                linewidth=1.1,
                label=place[1],
            )
        axis.axvline(1e-3, color=_style.SOFT, linewidth=0.6, linestyle=":")
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(FixedLocator([1e-5, 1e-4, 1e-3, 1e-2, 1e-1]))
        axis.xaxis.set_minor_locator(NullLocator())
        axis.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0e}".replace("e-0", "e-")))
        axis.set(xlim=(LEAST, 1), ylim=(0, 100), xlabel="false accept rate")
        axis.set_title(variant)
        axis.grid()
    for axis in axes[::columns]:
        axis.set_ylabel("true accept rate (%)")
    _style.legend(figure, axes, 5)
    return figure


def _mean(cell: "Cell") -> tuple[Any, Any] | None:
    """False accept rates and the mean over seeds of the true ones, in percent; None without any."""
    import numpy as np

    found = _examples.kept(cell, TRUE)
    if not found:
        return None
    return found[0][FALSE], 100.0 * np.mean([arrays[TRUE] for arrays in found], axis=0)
