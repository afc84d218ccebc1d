"""A run's share of a data set whose examples lie along the first axis: counts, classes held out, imbalance, noise."""

from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from pipeline.modalities import Prepared
from pipeline.seeds import Draws


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
    ever made noisy.
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
        return inputs[those].to(device), labels[those].to(device)

    count = settings["train_examples"] or len(prepared.train_inputs)
    split = count - settings["validation_examples"]
    tested = settings["test_examples"] or len(prepared.test_inputs)
    validation = prepared.train_inputs[split:count], prepared.train_labels[split:count]
    test = prepared.test_inputs[:tested], prepared.test_labels[:tested]
    if settings["evaluate_on"] == "validation":
        test = validation
    labelled = part(prepared.train_inputs[:split], prepared.train_labels[:split])
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
        prepared.train_inputs[count:][chosen(prepared.train_labels[count:])[1]],
        tuple(prepared.classes[c] for c in kept),
        prepared.mean,
        prepared.std,
    )


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
