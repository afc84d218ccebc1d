"""How common a class or a number is among training labels: many of it, a medium number, or few."""

import torch
from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.class_scores import top1

GROUPS = ("many", "medium", "few")


def thirds(counts: tuple[int, ...]) -> dict[str, Tensor]:
    """The frequent, middling and rare thirds of the classes, by GROUPS, given the training examples of each class.

    Where thirds do not come out even the middle one is larger (3, 4, 3 of ten). The usual bounds of 100 and 20 training
    images suit data sets of hundreds of images a class only.
    """
    order = torch.tensor(counts).argsort(descending=True, stable=True)
    third = len(counts) // 3
    parts = order[:third], order[third : len(order) - third], order[len(order) - third :]
    return dict(zip(GROUPS, parts, strict=True))


def top1_of(group: str, predictions: Tensor, labels: Tensor, counts: tuple[int, ...]) -> Tensor:
    """100 where right, else 0, of the examples (N,) whose class is of the group; raises Absent where there are none."""
    chosen = torch.isin(labels, thirds(counts)[group].to(labels))
    if not chosen.any():
        raise Absent(f"no test example is of a class with {group} training examples")
    return top1(predictions, labels)[chosen]


def by_density(train_targets: Tensor, targets: Tensor, low: float, high: float, bins: int = 36) -> dict[str, Tensor]:
    """Masks (N,), by GROUPS, of the targets (N,) whose bin of [low, high] has many, a medium number of or few training
    targets.

    Each group has a third of the equally wide bins. The order of bins with the same number of targets is theirs.
    """

    def places(values: Tensor) -> Tensor:
        return ((values.double() - low) / (high - low) * bins).long().clamp(0, bins - 1)

    counts = torch.bincount(places(train_targets), minlength=bins)
    rank = counts.argsort(descending=True, stable=True).argsort()[places(targets)]
    return {name: rank * 3 // bins == third for third, name in enumerate(GROUPS)}
