"""Training loss by epoch, one panel per method."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study


def applies(study: "Study") -> bool:
    return "epochs" in next(iter(study.budget.values()))


def caption(study: "Study") -> str:
    return (
        "Training loss by epoch. Line: mean over seeds; band: their range; a cross marks where a run diverged. "
        "Losses of different methods are on different scales, so each panel has its own."
    )


def draw(results: "Results") -> Any:
    import math

    curves: dict[str, dict[str, list[list[float]]]] = {}
    ended: dict[tuple[str, str], list[tuple[int, float]]] = {}
    for (variant, method), cell in results.cells.items():
        for run, result in zip(cell.runs, cell.results, strict=True):
            losses = [float(line["loss"]) for line in results.records.history(run) if line.get("loss") is not None]
            losses = [loss for loss in losses if math.isfinite(loss)]
            if losses and result["status"] != "failed":
                curves.setdefault(method, {}).setdefault(variant, []).append(losses)
                if result["status"] == "diverged":
                    ended.setdefault((method, variant), []).append((len(losses), losses[-1]))
    methods = [entry.key for entry in results.study.methods if entry.key in curves]
    if not methods:
        return _style.nothing("No run of this study has a training history.")
    variants = results.variants()
    crowded = len(methods) > 16
    figure, axes, columns = _style.grid(len(methods), 6 if crowded else 4, 1.0 if crowded else 1.5)
    for axis, method in zip(axes, methods, strict=True):
        for variant, runs in curves[method].items():
            colour = _style.band(axis, runs, variants.index(variant), variant)
            for place, loss in ended.get((method, variant), []):
                axis.plot(place, loss, "x", color=colour, markersize=5)
        _style.outliers(axis, [loss for runs in curves[method].values() for run in runs for loss in run])
        _style.title(axis, method, fontsize=6 if crowded else None)
        if crowded:
            axis.tick_params(labelsize=5)
        axis.grid(axis="y")
        axis.xaxis.get_major_locator().set_params(integer=True)
    for axis in axes[-columns:]:
        axis.set_xlabel("epoch")
    for axis in axes[::columns]:
        axis.set_ylabel("loss")
    if len(variants) > 1:
        _style.legend(figure, axes)
    return figure
