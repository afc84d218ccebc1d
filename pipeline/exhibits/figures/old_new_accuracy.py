"""Accuracy on old and on new classes, and on all, method by method, one panel per variant."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

PARTS = {"old": 0, "new": 1, "": 2}
"""Suffix of the metric -> number of its colour."""
METRIC, NAMES = "cluster_accuracy", {"": "all classes", "old": "old classes", "new": "new classes"}


def applies(study: "Study") -> bool:
    return METRIC in study.metrics and f"{METRIC}_new" in study.metrics


def caption(study: "Study") -> str:
    return (
        "Clustering accuracy of the training images without labels: on old classes, of which others have labels, on "
        "new ones, and on all, by one matching of clusters with all classes. Means over seeds with 95% intervals; "
        "variants of several methods."
    )


def draw(results: "Results") -> Any:
    shown = {variant: _measured(results, variant) for variant in results.variants()}
    shown = {variant: methods for variant, methods in shown.items() if len(methods) > 1}
    if not shown:
        return _style.nothing("No run of this study gave numbers.")
    most = max(map(len, shown.values()))
    figure, axes, columns = _style.grid(len(shown), 2, 0.7 + 0.24 * most, sharex=True)
    for axis, (variant, methods) in zip(axes, shown.items(), strict=True):
        for row, method in enumerate(methods):
            for place, (suffix, colour) in enumerate(PARTS.items()):
                estimate = results.cells[variant, method].estimate(_name(suffix))
                if estimate is None:
                    continue
                height, at = 0.26, row + (place - 1) * 0.27
                label = NAMES[suffix] if row == 0 else None
                axis.barh(at, estimate.mean, height, color=_style.COLOURS[colour], label=label)
                if estimate.low is not None:
                    axis.plot([estimate.low, estimate.high], [at, at], color=_style.INK, linewidth=0.8)
        axis.set_yticks(range(len(methods)), methods)
        axis.set_ylim(len(methods) - 0.4, -0.6)
        axis.set_xlim(0, 100)
        axis.set_title(variant)
        axis.grid(axis="x")
        axis.tick_params(axis="y", length=0)
    for axis in axes[-columns:]:
        axis.set_xlabel("clustering accuracy (%)")
        axis.tick_params(labelbottom=True)
    _style.legend(figure, axes)
    return figure


def _name(suffix: str) -> str:
    return f"{METRIC}_{suffix}" if suffix else METRIC


def _measured(results: "Results", variant: str) -> list[str]:
    return [method for method in results.methods(variant) if results.cells[variant, method].sample(METRIC).values]
