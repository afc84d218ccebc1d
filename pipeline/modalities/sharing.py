"""A run's share of a data set whose examples lie along the first axis: counts, classes held out, imbalance, noise.

Sources may list their examples class by class, or by name. So nothing is taken by place: each split has an order, drawn
once for the data set, in which every beginning has all classes in proportion, and shares are taken along that.
"""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from pipeline.errors import UserError
from pipeline.modalities import Prepared
from pipeline.seeds import Draws, generator


@dataclass(frozen=True)
class Data:
    """A run's data, on its device: inputs raw, labels renumbered 0..K-1 over the classes kept, or numbers (N,)."""

    train_inputs: Tensor
    train_labels: Tensor
    """As the method sees them, with whatever noise the study asks for."""
    true_labels: Tensor
    """The training labels before noise."""
    valid_inputs: Tensor
    valid_labels: Tensor
    test_inputs: Tensor
    test_labels: Tensor
    held_out_inputs: Tensor
    """Test inputs of the classes held out."""
    labelled_inputs: Tensor
    """What probes learn from: the training inputs before `imbalance` thins them out."""
    labelled_labels: Tensor
    spare_inputs: Tensor
    """Training inputs beyond `train_examples`, on the CPU, which nothing else uses."""
    class_names: tuple[str, ...]
    """Empty where labels are numbers."""
    mean: tuple[float, ...]
    std: tuple[float, ...]
    streams: dict[str, Tensor] = field(default_factory=dict)
    """Raw inputs of further streams, by name, without labels."""
    hidden: dict[str, Tensor] = field(default_factory=dict)
    """What only evaluation may know, such as the labels of a stream."""

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.train_inputs.shape[1:])

    @property
    def numbers(self) -> bool:
        """Whether labels are numbers rather than classes."""
        return self.train_labels.is_floating_point() and self.train_labels.ndim == 1

    @property
    def class_counts(self) -> tuple[int, ...]:
        """Training examples of each class by the labels given; where an input has several labels, of each."""
        if self.numbers:
            return ()
        labels = self.train_labels.cpu()
        if labels.ndim > 1:
            return tuple(labels.long().sum(0).tolist())
        return tuple(torch.bincount(labels, minlength=len(self.class_names)).tolist())


def share(prepared: Prepared, settings: dict[str, Any], draws: Draws, device: torch.device) -> Data:
    """Apply the run's example counts, held_out_classes, imbalance, label_noise and evaluate_on.

    With `evaluate_on: validation` the validation examples take the place of the test split. Only training labels are
    ever made noisy. Raises UserError where a class has too few examples to be in every share.
    """
    classes = len(prepared.classes)
    held_out = settings["held_out_classes"]
    kept = [c for c in range(classes) if c not in held_out]
    renumber = torch.full((classes,), -1)
    renumber[kept] = torch.arange(len(kept))

    def chosen(labels: Tensor) -> tuple[Tensor, Tensor]:
        """Labels over the classes kept, and which examples have one."""
        if not classes:
            return labels, torch.ones(len(labels), dtype=torch.bool)
        labels = renumber[labels]
        return labels, labels >= 0

    def part(inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        labels, those = chosen(labels)
        return inputs.index_select(0, those.nonzero().squeeze(1)).to(device), labels[those].to(device)

    count = settings["train_examples"] or len(prepared.train_inputs)
    parts = taken(prepared, "train", count - settings["validation_examples"], settings["validation_examples"])
    train, validation, spare = ((prepared.train_inputs[at], prepared.train_labels[at]) for at in parts)
    test = validation
    if settings["evaluate_on"] == "test":
        tested, *_ = taken(prepared, "test", settings["test_examples"] or len(prepared.test_inputs))
        test = prepared.test_inputs[tested], prepared.test_labels[tested]
    labelled = part(*train)
    inputs, labels = labelled
    if settings.get("imbalance"):
        thinned = long_tail(labels, len(kept), settings["imbalance"])
        inputs, labels = inputs[thinned], labels[thinned]
    given = labels
    if noise := settings.get("label_noise"):
        flips = [[int(renumber[c]) for c in flip] for flip in noise["flips"]]
        given = noisy(labels.cpu(), len(kept), noise["rate"], flips, draws.generator("label noise")).to(device)
    return Data(
        inputs,
        given,
        labels,
        *part(*validation),
        *part(*test),
        test[0][~chosen(test[1])[1]].to(device),
        *labelled,
        spare[0][chosen(spare[1])[1]],
        tuple(prepared.classes[c] for c in kept),
        prepared.mean,
        prepared.std,
    )


def taken(prepared: Prepared, split: str, first: int, second: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Places in a split of `first` examples, of `second` others, and of the rest, each in the data set's order.

    The first ones of the order, and then the next; but every class is in both, though it must be given another place
    for it. Raises UserError for a class that has a single example and should be in both.
    """
    labels = prepared.train_labels if split == "train" else prepared.test_labels
    classes = len(prepared.classes)
    order = stratified(labels, classes, generator("shares", prepared.key, split))
    if not classes:
        return order[:first], order[first : first + second], order[first + second :]
    drawn = labels[order]
    counts, inside = (torch.bincount(part, minlength=classes) for part in (drawn, drawn[:first]))
    beside = torch.bincount(drawn[first : first + second], minlength=classes)
    for missing in ((beside == 0) & (counts > 0)).nonzero().flatten().tolist() if second >= classes else ():
        if counts[missing] == 1:
            raise UserError(
                f"data set '{prepared.key}': class '{prepared.classes[missing]}' has one example in the split {split}, "
                "but training and validation need one each; add some, or set validation_examples to 0"
            )
        most = int(beside.argmax())
        if inside[missing] == counts[missing]:
            inside[missing] -= 1
            inside[most] += 1
        beside[missing] += 1
        beside[most] -= 1
    rank = _ranks(drawn, classes)
    return (
        order[rank < inside[drawn]],
        order[(rank >= inside[drawn]) & (rank < (inside + beside)[drawn])],
        order[rank >= (inside + beside)[drawn]],
    )


def stratified(labels: Tensor, classes: int, generator: torch.Generator) -> Tensor:
    """A drawn order of labels (N,) of which any beginning has all classes in proportion, and at least one of each.

    One of each comes before all else. Of labels that are numbers (`classes` is 0) any order is as good.
    """
    order = torch.randperm(len(labels), generator=generator)
    if not classes:
        return order
    drawn = labels[order]
    rank, counts = _ranks(drawn, classes), torch.bincount(drawn, minlength=classes)
    # where an example's class stands when it has had its due: the seats of a parliament (Sainte-Lague)
    due = torch.where(rank == 0, 0.0, (rank + 0.5) / counts[drawn])
    return order[due.argsort(stable=True)]


def _ranks(labels: Tensor, classes: int) -> Tensor:
    """(N,) how many of the same label stand before each of labels (N,)."""
    by_label = labels.argsort(stable=True)
    counts = torch.bincount(labels, minlength=classes)
    ranks = torch.empty_like(labels)
    ranks[by_label] = torch.arange(len(labels)) - (counts.cumsum(0) - counts)[labels[by_label]]
    return ranks


def noisy(labels: Tensor, classes: int, rate: float, flips: list[list[int]], generator: torch.Generator) -> Tensor:
    """Labels (N,) of which each is replaced with probability `rate`: by any other class alike, or as `flips` say.

    Without flips this is symmetric noise that never draws the true class (Patrini et al. 2017 and most after them), so
    that `rate` is the expected share of wrong labels.
    """
    struck = torch.rand(len(labels), generator=generator) < rate
    other = torch.randint(1, classes, labels.shape, generator=generator)
    wrong = (labels + other) % classes
    if flips:
        becomes = torch.arange(classes)
        for source, target in flips:
            becomes[source] = target
        wrong = becomes[labels]
    return torch.where(struck, wrong, labels)


def long_tail(labels: Tensor, classes: int, ratio: float) -> Tensor:
    """Places, in order, of the first n ratio^(-c / (K - 1)) examples of each class c; n is the rarest class's count.

    The exponential profile of Cui et al. (2019), "Class-balanced loss", section 5.1.
    """
    counts = torch.bincount(labels, minlength=classes)
    most = int(counts.min())
    wanted = [max(1, int(most * ratio ** (-c / (classes - 1)))) for c in range(classes)]
    chosen = [(labels == c).nonzero().squeeze(1)[:n] for c, n in enumerate(wanted)]
    return torch.cat(chosen).sort().values
