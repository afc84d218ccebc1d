"""Accuracy under attack against how far the attack may move a pixel, one curve a method, one panel an attack."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _best, _radii, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results
    from pipeline.exhibits.statistics import Estimate
    from pipeline.planning.model import Study

ATTACKS = {"robust_fgsm": "one step (FGSM)", "robust_pgd": "many steps (PGD)", "robust_aa": "ensemble of attacks"}
CLEAN = "top1"


def applies(study: "Study") -> bool:
    return False


def caption(study: "Study") -> str:
    return (
        "Accuracy on the test images against the radius of the ball in which an attack may move them, as a share "
        "of a pixel's range, mean and 95% interval. At radius 0 no image is moved. An image counts as right if it is "
        "right both as it is and under attack. Of the first variant; where methods are many, those without a name are "
        "grey. The vertical line is the radius of the table."
    )


def draw(results: "Results") -> Any:
    first = results.variants()[0]
    methods = results.methods(first)
    curves = {
        (method, attack): points
        for method in methods
        for attack in ATTACKS
        if len(points := _points(results.cells[first, method], attack)) > 1
    }
    attacks = [attack for attack in ATTACKS if any(attack == shown for _, shown in curves)]
    if not attacks:
        return _style.nothing("No run of this study was attacked at several radii.")
    named = _named(results, methods)
    figure, axes, columns = _style.grid(len(attacks), 3, 2.6, sharex=True, sharey=True)
    for axis, attack in zip(axes, attacks, strict=True):
        for (method, shown), points in curves.items():
            if shown != attack:
                continue
            means = [estimate.mean for estimate in points.values()]
            if method not in named:
                axis.plot(list(points), means, color=_style.SOFT, linewidth=0.5, alpha=0.6, zorder=1)
                continue
            number = named.index(method)
            colour = _style.COLOURS[number % len(_style.COLOURS)]
            marker = _style.MARKERS[number % len(_style.MARKERS)]
            axis.plot(list(points), means, color=colour, marker=marker, markersize=3.5, label=method)
            for radius, estimate in points.items():
                if estimate.low is not None:
                    axis.plot([radius] * 2, [estimate.low, estimate.high], color=colour, lw=0.8, alpha=0.6)
        axis.axvline(_radius(results), color=_style.SOFT, linewidth=0.6, zorder=0)
        axis.set_title(ATTACKS[attack])
        axis.set_xlabel("radius")
        axis.set_ylim(0, 100)
        axis.grid()
    for axis in axes[::columns]:
        axis.set_ylabel("accuracy (%)")
    _style.legend(figure, axes, 3)
    return figure


FEW = 6
"""Curves that have a name at most."""


def _named(results: "Results", methods: list[str]) -> list[str]:
    """All methods where they are few, else references, the baseline and the best other one first."""
    references = [entry.key for entry in results.study.methods if entry.reference and entry.key in methods]
    others = [method for method in methods if method not in references]
    first = [*references[:2], results.study.baseline, _best.other(results), *others, *references]
    return list(dict.fromkeys(method for method in first if method in methods))[:FEW]


def _points(cell: "Cell", attack: str) -> dict[float, "Estimate"]:
    """Radius -> accuracy, radius 0 first."""
    clean = cell.estimate(CLEAN)
    return ({} if clean is None else {0.0: clean}) | _radii.estimates(cell, attack)


def _radius(results: "Results") -> float:
    """Of the metrics without a suffix."""
    runs = next(iter(results.cells.values())).runs
    return float(runs[0].settings["attack"]["radius"])
