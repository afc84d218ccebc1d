"""Accuracy of two probes, one discriminative and one generative, against the share of labels they were fitted with."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

PROBES = ("linear_top1", "naive_bayes_top1")
MOST = 8


def applies(study: "Study") -> bool:
    return any(name.startswith("linear_top1_") and name.endswith("pct") for name in study.metrics)


def caption(study: "Study") -> str:
    return (
        "Accuracy on the test examples against the share of training labels that a probe of frozen features was fitted "
        "with, mean and 95% interval, first variant: the references, the baseline and the best of the other methods. "
        "Zheng et al. (2023) expect naive Bayes ahead with few labels and logistic regression with many."
    )


def draw(results: "Results") -> Any:
    from pipeline.exhibits import labels
    from pipeline.exhibits.figures import _best

    variant = results.variants()[0]
    shown = [entry.key for entry in results.study.methods if entry.reference]
    shown = [*shown[: MOST - 2], *filter(None, [results.study.baseline, _best.other(results)])]
    curves: dict[str, dict[str, list[tuple[float, Any]]]] = {}
    for method in shown:
        cell = results.cells.get((variant, method))
        for name in cell.metrics if cell else []:
            probe, share = labels.label_share(name)
            if cell and probe in PROBES:
                curves.setdefault(method, {}).setdefault(probe, []).append((share or 100.0, cell.estimate(name)))
    if not any(len(points) > 1 for probes in curves.values() for points in probes.values()):
        return _style.nothing("No run of this study fitted its probes with shares of the labels.")
    figure, axes, columns = _style.grid(len(curves), 4, 1.9, sharex=True, sharey=True)
    for axis, (method, probes) in zip(axes, curves.items(), strict=True):
        for number, probe in enumerate(PROBES):
            colour, points = _style.COLOURS[number], sorted(probes.get(probe, []), key=lambda point: point[0])
            if points:
                line = "os"[number] + "-"
                means = [e.mean for _, e in points]
                axis.plot([s for s, _ in points], means, line, color=colour, markersize=3, label=labels.metric(probe))
            for share, estimate in points:
                if estimate.low is not None:
                    axis.plot([share] * 2, [estimate.low, estimate.high], color=colour, linewidth=0.8, alpha=0.6)
        _style.title(axis, method)
        axis.set_xscale("log")
        shares = sorted({share for points in probes.values() for share, _ in points})
        axis.set_xticks(shares, [f"{share:g}%" for share in shares])
        axis.minorticks_off()
        axis.grid()
    for axis in axes[-columns:]:
        axis.set_xlabel("share of labels")
    for axis in axes[::columns]:
        axis.set_ylabel("top-1 (%)")
    _style.legend(figure, axes)
    return figure
