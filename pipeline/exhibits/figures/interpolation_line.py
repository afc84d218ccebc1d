"""Accuracy and sharpness along the straight line from a base's weights to those that fine-tuning ended at."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

NAMES = {"line_target": "target", "line_unseen": "unseen domain", "line_source": "source"}
SHARPNESS = ("line_sharpness", "line_layers", "line_straggler")


def applies(study: "Study") -> bool:
    return "half_way_top1" in study.measured


def caption(study: "Study") -> str:
    return (
        "Weights between the base (0) and the end of fine-tuning (1): accuracy on the three kinds of test images, and "
        "how much the target's training loss rises at worst within a ball measured in the weights' own sizes, over all "
        "weights and over the straggler layer's alone, the layer that meets the highest barrier when it goes by "
        "itself. Lines are means over seeds, bands their ranges; batch statistics are mixed as weights are."
    )


def draw(results: "Results") -> Any:
    import numpy as np

    found = [
        arrays for cell in results.cells.values() for arrays in _examples.kept(cell, "line_shares", *NAMES, *SHARPNESS)
    ]
    if not found:
        return _style.nothing("No run of this study that measures the line was made here.")
    figure, axes, _ = _style.grid(2, 2, 2.6)
    shares = found[0]["line_shares"]

    def band(axis: Any, values: Any, number: int, label: str) -> None:
        colour = _style.COLOURS[number]
        axis.plot(shares, values.mean(0), color=colour, label=label)
        axis.fill_between(shares, values.min(0), values.max(0), color=colour, alpha=0.2, lw=0)

    for number, (name, label) in enumerate(NAMES.items()):
        band(axes[0], np.stack([arrays[name] for arrays in found]), number, label)
    whole = np.stack([arrays["line_sharpness"] for arrays in found])
    layer = np.stack([arrays["line_layers"][int(arrays["line_straggler"])] for arrays in found])
    band(axes[1], whole, 3, "all weights")
    band(axes[1], layer, 4, "straggler layer")
    axes[0].set(ylabel="accuracy (%)", title="Accuracy")
    axes[1].set(ylabel="rise of the loss", title="Sharpness")
    for axis in axes:
        axis.set(xlabel="share of the way", xlim=(0, 1))
        axis.grid()
    _style.legend(figure, axes, 5)
    return figure
