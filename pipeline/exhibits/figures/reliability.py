"""Accuracy against confidence, one panel per method."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _examples, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

BINS = 15
NEEDED = ("confidence", "predictions", "labels")


def applies(study: "Study") -> bool:
    return "ece" in study.metrics


def caption(study: "Study") -> str:
    return (
        f"Accuracy against confidence in {BINS} equal bins, all seeds together, default variant. On the diagonal a "
        "classifier is as often right as it says; below it, it is overconfident. The area of a dot is proportional "
        "to its bin's share of test examples."
    )


def draw(results: "Results") -> Any:
    import numpy as np

    variant = results.variants()[0]
    found = {}
    for method in results.methods(variant):
        parts = _examples.kept(results.cells[variant, method], *NEEDED)
        if parts:
            found[method] = [np.concatenate([a[name] for a in parts]) for name in NEEDED]
    if not found:
        return _style.nothing("No run of this study stored confidences.")
    figure, axes, columns = _style.grid(len(found), 4, 1.75, sharex=True, sharey=True)
    for number, (axis, (method, (confidence, predictions, labels))) in enumerate(zip(axes, found.items(), strict=True)):
        place = np.clip(np.ceil(confidence.astype(float) * BINS).astype(int) - 1, 0, BINS - 1)
        count = np.bincount(place, minlength=BINS)
        full = count > 0
        x = np.bincount(place, confidence, BINS)[full] / count[full]
        y = np.bincount(place, predictions == labels, BINS)[full] / count[full]
        axis.plot([0, 1], [0, 1], color=_style.INK, linewidth=0.6, linestyle=":")
        axis.plot(x, y, color=_style.COLOURS[0], linewidth=1)
        axis.scatter(x, y, s=3 + 60 * count[full] / count.sum(), color=_style.COLOURS[0], linewidths=0)
        axis.set(xlim=(0, 1.03), ylim=(0, 1.03), aspect="equal")
        _style.title(axis, method)
        axis.grid()
        if number % columns == 0:
            axis.set_ylabel("accuracy")
        if number >= len(found) - columns:
            axis.set_xlabel("confidence")
            axis.tick_params(labelbottom=True)
    return figure
