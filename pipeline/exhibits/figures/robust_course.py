"""Accuracy under attack against epochs, of test and of training images: robust overfitting."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

METRIC = "robust_course"
SPLITS = {"test": "test images", "train": "training images"}


def applies(study: "Study") -> bool:
    return METRIC in study.measured


def caption(study: "Study") -> str:
    return (
        "Accuracy under gradient ascent after each tenth of training, mean over seeds and 95% interval, in the "
        "variants where it was watched. Where the two panels part, robustness is of the training images alone."
    )


def draw(results: "Results") -> Any:
    cells = {place: cell for place, cell in results.cells.items() if METRIC in cell.metrics}
    if not cells:
        return _style.nothing("No run of this study watched its epochs.")
    figure, axes, _ = _style.grid(len(SPLITS), 2, 2.6, sharey=True)
    methods = list(dict.fromkeys(method for _, method in cells))
    first = next(variant for variant, _ in cells)
    for axis, (split, title) in zip(axes, SPLITS.items(), strict=True):
        for (variant, method), cell in cells.items():
            number, prefix = methods.index(method), f"{METRIC}_{split}_"
            names = sorted((n for n in cell.metrics if n.startswith(prefix)), key=lambda n: int(n.removeprefix(prefix)))
            found = [cell.estimate(name) for name in names]
            shares = [int(name.removeprefix(prefix)) for name in names]
            points = [(x, estimate) for x, estimate in zip(shares, found, strict=True) if estimate is not None]
            colour = _style.COLOURS[number % len(_style.COLOURS)]
            axis.plot(
                [x for x, _ in points],
                [estimate.mean for _, estimate in points],
                color=colour,
                linestyle="-" if variant == first else "--",
                marker=_style.MARKERS[number % len(_style.MARKERS)],
                markersize=3,
                label=method if variant == first else f"{method}, {variant}",
            )
            for x, estimate in points:
                if estimate.low is not None:
                    axis.plot([x, x], [estimate.low, estimate.high], color=colour, linewidth=0.7, alpha=0.6)
        axis.set_title(title)
        axis.set_xlabel("training done (%)")
        axis.grid()
    axes[0].set_ylabel("robust accuracy (%)")
    _style.legend(figure, axes, 4)
    return figure
