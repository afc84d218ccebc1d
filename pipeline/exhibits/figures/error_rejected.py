"""What a prediction of quality is worth: errors of verification against the share of images that are rejected."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Cell, Results
    from pipeline.planning.model import Study

OWN, NORM, RANDOM = "rejected_own", "rejected_norm", "rejected_random"
LINES = {OWN: ("-", "predicted"), NORM: ("--", "length of the embedding"), RANDOM: (":", "at random")}
MOST = 30.0
"""Percent of the images, at the curves' ends."""


def applies(study: "Study") -> bool:
    return "auerc" in (*study.metrics, *study.further_metrics)


def caption(study: "Study") -> str:
    return (
        "Of pairs of images of one class that was never trained on, the share that is not accepted, at the threshold "
        "that accepts one in a thousand pairs of two classes among all images, as the images of least quality are "
        "rejected; mean over seeds of methods that predict a quality and were made here. Lower is better: solid by the "
        "prediction, dashed by the length of the same embedding, dotted at random. One panel a variant."
    )


def draw(results: "Results") -> Any:
    curves = {place: found for place, cell in results.cells.items() if (found := _means(cell))}
    if not curves:
        return _style.nothing("No run of this study that predicts a quality was made here.")
    import numpy as np

    variants = list(dict.fromkeys(variant for variant, _ in curves))
    methods = list(dict.fromkeys(method for _, method in curves))
    figure, axes, columns = _style.grid(len(variants), 3, 2.5, sharex=True, sharey=True)
    for axis, variant in zip(axes, variants, strict=True):
        for (of, method), found in curves.items():
            if of != variant:
                continue
            for name, errors in found.items():
                dashes, label = LINES[name]
                axis.plot(
                    np.linspace(0, MOST, len(errors)),
                    errors,
                    color=_style.COLOURS[methods.index(method) % len(_style.COLOURS)],
                    linestyle=dashes,
                    label=f"{method}, {label}",
                )
        axis.set(xlim=(0, MOST), xlabel="images rejected (%)")
        axis.set_title(variant)
        axis.grid()
    for axis in axes[::columns]:
        axis.set_ylabel("pairs missed (%)")
    _style.legend(figure, axes, 3)
    return figure


def _means(cell: "Cell") -> dict[str, Any]:
    """By the name of a curve, its mean over seeds in percent; empty where no quality is predicted."""
    import numpy as np

    found = _examples.kept(cell, OWN)
    return {name: 100.0 * np.mean([arrays[name] for arrays in found], axis=0) for name in LINES if found}
