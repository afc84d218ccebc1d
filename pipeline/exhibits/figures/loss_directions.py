"""How the training loss rises around the weights that runs end at, along random directions."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

STEPS, LOSSES = "direction_steps", "direction_losses"


def applies(study: "Study") -> bool:
    return "lambda_max" in study.metrics


def caption(study: "Study") -> str:
    return (
        "Training loss along a random direction in which each filter is as long as the network's own (Li et al. 2018), "
        "mean over seeds and directions of runs that were made here; 1 on the horizontal axis is a step as long as the "
        "filters themselves. One panel a variant that has several methods."
    )


def draw(results: "Results") -> Any:
    import numpy as np

    found: dict[tuple[str, str], Any] = {}
    for place, cell in results.cells.items():
        if arrays := _examples.kept(cell, STEPS, LOSSES):
            losses = np.mean([each[LOSSES].mean(0) for each in arrays], axis=0)
            found[place] = (arrays[0][STEPS], losses)
    if not found:
        return _style.nothing("No run of this study was made here.")
    counts = Counter(variant for variant, _ in found)
    variants = [variant for variant, count in counts.items() if count > 1] or list(counts)
    methods = list(dict.fromkeys(method for _, method in found))
    figure, axes, columns = _style.grid(len(variants), 3, 2.4)
    for axis, variant in zip(axes, variants, strict=True):
        for (of, method), (steps, losses) in found.items():
            if of == variant:
                colour = _style.COLOURS[methods.index(method) % len(_style.COLOURS)]
                dashes = ("-", "--", ":")[methods.index(method) // len(_style.COLOURS) % 3]
                axis.plot(steps, losses, linestyle=dashes, color=colour, linewidth=1, label=method)
        _style.logarithmic(axis, "y")
        axis.set_title(variant)
        axis.set_xlabel("step, in lengths of the filters")
        axis.grid()
    for axis in axes[::columns]:
        axis.set_ylabel("training loss (nats)")
    _style.legend(figure, axes)
    return figure
