"""Accuracy of each class against how often it was seen in training, one panel per variant."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _best, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study


def applies(study: "Study") -> bool:
    return "few_top1" in study.metrics


def caption(study: "Study") -> str:
    return (
        f"Accuracy on the test examples of each class, most frequent first, mean over seeds: {study.baseline}, the "
        "best other method by the table's first metric in its first variant, and all others in grey."
    )


def draw(results: "Results") -> Any:
    import numpy as np

    shown = [method for method in (results.study.baseline, _best.other(results)) if method]
    measured = {variant for (variant, _), cell in results.cells.items() if cell.examples}
    variants = [variant for variant in results.variants() if variant in measured]
    if not variants:
        return _style.nothing("No run of this study gave numbers.")
    figure, axes, columns = _style.grid(len(variants), 3, 2.1, sharey=True)
    for axis, variant in zip(axes, variants, strict=True):
        methods = results.methods(variant)
        for method in sorted(methods, key=lambda m: shown.index(m) if m in shown else -1):
            cell = results.cells[variant, method]
            runs = [
                (result["data"]["class_counts"], cell.examples[run.seed])
                for run, result in zip(cell.runs, cell.results, strict=True)
                if run.seed in cell.examples
            ]
            if not runs:
                continue
            counts = np.array(runs[0][0])
            order = np.argsort(-counts, kind="stable")
            means = np.mean([[e["example_top1"][e["labels"] == c].mean() for c in order] for _, e in runs], axis=0)
            if method in shown:
                colour = _style.COLOURS[shown.index(method)]
                axis.plot(means, "o-", color=colour, markersize=3, label=method, zorder=3)
            else:
                axis.plot(means, color=_style.SOFT, linewidth=0.5, alpha=0.6)
            axis.set_xticks(range(len(order)), [f"{counts[c]}" for c in order], rotation=90, fontsize=6)
        axis.set_title(variant)
        axis.set_xlabel("training examples of the class")
        axis.grid(axis="y")
    for axis in axes[::columns]:
        axis.set_ylabel("top-1 (%)")
    _style.legend(figure, axes)
    return figure
