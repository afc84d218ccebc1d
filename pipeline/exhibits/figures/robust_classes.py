"""Robust accuracy of each class: the undefended network's clean one behind, the defences' in front."""

from typing import TYPE_CHECKING, Any

from pipeline.exhibits.figures import _best, _style

if TYPE_CHECKING:
    from pipeline.exhibits.cells import Results
    from pipeline.planning.model import Study

METRIC, FAIRNESS = "robust_by_class", "robust_worst_class"


def applies(study: "Study") -> bool:
    return METRIC in study.measured


def caption(study: "Study") -> str:
    return (
        f"Accuracy under the ensemble of attacks on the test images of each class, mean and 95% interval: "
        f"{study.baseline}, the best other method by the table's first metric, and the one whose least robust class is "
        "best, in the first variant. Classes in the order of the baseline's."
    )


def draw(results: "Results") -> Any:
    from pipeline import modalities

    variant = results.variants()[0]
    fairest = _best.of(results, FAIRNESS, "higher")
    chosen = list(dict.fromkeys(m for m in (results.study.baseline, _best.other(results), fairest) if m))
    cells = {method: results.cells[variant, method] for method in chosen if (variant, method) in results.cells}
    cells = {method: cell for method, cell in cells.items() if METRIC in cell.metrics}
    if not cells:
        return _style.nothing("No run of this study was told apart by class.")
    names = modalities.describe(next(iter(cells.values())).runs[0].dataset).classes
    found = {
        method: {
            int(name.removeprefix(f"{METRIC}_")): cell.estimate(name)
            for name in cell.metrics
            if name.startswith(f"{METRIC}_")
        }
        for method, cell in cells.items()
    }
    first = next(iter(found.values()))
    order = sorted(first, key=lambda c: -_mean(first[c]))
    figure, (axis,), _ = _style.grid(1, 1, 2.6)
    width = 0.8 / len(found)
    for number, (method, by_class) in enumerate(found.items()):
        places = [at + (number - (len(found) - 1) / 2) * width for at in range(len(order))]
        colour = _style.COLOURS[number]
        axis.bar(places, [_mean(by_class.get(c)) for c in order], width, color=colour, label=method)
        for x, c in zip(places, order, strict=True):
            estimate = by_class.get(c)
            if estimate is not None and estimate.low is not None:
                axis.plot([x, x], [estimate.low, estimate.high], color=_style.INK, linewidth=0.7)
    axis.set_xticks(range(len(order)), [_style.named(names[c]) for c in order], rotation=30, ha="right")
    axis.set_ylabel("robust accuracy (%)")
    axis.set_ylim(0, 100)
    axis.grid(axis="y")
    _style.legend(figure, [axis])
    return figure


def _mean(estimate: Any) -> float:
    return 0.0 if estimate is None else float(estimate.mean)
