"""Accuracy on the test examples by epoch, one panel per method: where wrong labels begin to be learnt by heart."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study


def applies(study: "Study") -> bool:
    return any(budget.get("watch") for budget in study.budget.values())


def caption(study: "Study") -> str:
    return (
        "Accuracy on the test examples after each epoch, mean over seeds and their range, one line for each variant. "
        "A line that falls towards the end shows a network that learns the labels it was given, wrong ones included."
    )


def draw(results: "Results") -> Any:
    curves: dict[str, dict[str, list[list[float]]]] = {}
    for (variant, method), cell in results.cells.items():
        for run in cell.runs:
            found = [line["test_top1"] for line in results.records.history(run) if "test_top1" in line]
            if found:
                curves.setdefault(method, {}).setdefault(variant, []).append(found)
    methods = [entry.key for entry in results.study.methods if entry.key in curves]
    if not methods:
        return _style.nothing("No run of this study was measured after each epoch.")
    variants = results.variants()
    figure, axes, columns = _style.grid(len(methods), 4, 1.4, sharex=True, sharey=True)
    for axis, method in zip(axes, methods, strict=True):
        for variant, runs in curves[method].items():
            _style.band(axis, runs, variants.index(variant), variant)
        _style.title(axis, method)
        axis.grid(axis="y")
        axis.xaxis.get_major_locator().set_params(integer=True)
    for axis in axes[-columns:]:
        axis.set_xlabel("epoch")
    for axis in axes[::columns]:
        axis.set_ylabel("top-1 (%)")
    _style.legend(figure, axes)
    return figure
