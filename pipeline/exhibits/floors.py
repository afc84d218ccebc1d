"""What is worth no more than nothing: the study's floor, such as an untrained encoder, and chance.

They hold for metrics that state what chance is. What is not shown to be better than either, by the interval of the
difference, has not shown that it learned, and a comparison with it says nothing about what is learned. Means alone
would let half of what learned nothing pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

import numpy as np

from pipeline.exhibits import labels, statistics
from pipeline.exhibits.cells import Cell, Results
from pipeline.exhibits.statistics import Sample

ALIKE = ("dataset", "train_examples", "test_examples", "held_out_classes", "imbalance", "encoder")
"""What variants must share for one's floor to be the other's: training changes nothing in what has not trained."""


@dataclass(frozen=True)
class Floor:
    """name: the method whose value it is, or "chance". sample: the method's; empty for chance, which has no spread."""

    name: str
    value: float
    sample: Sample | None = field(default=None, compare=False)

    def below(self, sample: Sample, order: float) -> bool:
        """Whether a sample is shown to be better: by the paired difference's interval, else by the means.

        order: 1 where higher is better, -1 where lower is.
        """
        against = [(-order, self.sample)] if self.sample else []
        gap = statistics.contrast([(order, sample), *against])
        if gap is None:  # no seed is on both sides
            return order * (fmean(sample.values.values()) - self.value) > 0
        gap = gap if self.sample else gap.less(order * self.value)
        return gap.mean > 0 if gap.low is None else gap.sign > 0


def under(results: Results, variant: str, method: str, metric: str) -> Floor | None:
    """The floor that the cell is not shown to be better than, the best of several; None where it is better than all.

    None as well where the metric has no floor, and for what does not train, which is not expected to learn.
    """
    cell = results.cells[variant, method]
    if cell.source != "run":
        name, _, value = cell.lines.get(metric, {}).get("floor", "").partition("=")
        return Floor(name, float(value)) if name else None
    sample = cell.sample(metric)
    order = 1.0 if labels.direction(metric) == "higher" else -1.0
    if not sample.values or method == results.study.floor or cell.runs[0].settings.get("epochs") == 0:
        return None
    missed = [floor for floor in floors(results, variant, metric) if not floor.below(sample, order)]
    return max(missed, key=lambda floor: order * floor.value, default=None)


def floors(results: Results, variant: str, metric: str) -> Iterator[Floor]:
    """Of a metric in a variant: the study's floor there, or in a variant with the same data, and chance."""
    described = labels.described(metric)
    if described is None or described.chance is None:
        return
    if (cell := _of_study(results, variant)) and (sample := cell.sample(metric)).values:
        yield Floor(str(results.study.floor), fmean(sample.values.values()), sample)
    if described.chance != "class":
        yield Floor("chance", float(described.chance))
    elif (share := _most_frequent(results, variant)) is not None:
        yield Floor("chance", 100 * share)


def missing(results: Results, variant: str) -> bool:
    """Whether the study has a floor that runs neither in the variant nor in one with the same data."""
    return results.study.floor is not None and _of_study(results, variant) is None


def _of_study(results: Results, variant: str) -> Cell | None:
    """The cell of the study's floor in the variant, else in one that differs from it in training alone."""
    wanted, floor = _alike(results, variant), str(results.study.floor)
    there = [name for name in (variant, *results.by_variant) if (name, floor) in results.cells]
    same = next((name for name in there if _alike(results, name) == wanted), None)
    return None if same is None else results.cells[same, floor]


def _alike(results: Results, variant: str) -> list[Any]:
    run = results.by_variant[variant][0].runs[0]
    return [run.dataset, *(run.settings.get(name) for name in ALIKE)]


def _most_frequent(results: Results, variant: str) -> float | None:
    """The share of the most frequent class among the test labels; None where no run has kept them."""
    for cell in results.by_variant[variant]:
        for arrays in cell.examples.values():
            found = arrays.get("labels")
            if found is not None and found.ndim == 1 and np.issubdtype(found.dtype, np.integer):
                return float(np.unique(found, return_counts=True)[1].max() / len(found))
    return None
