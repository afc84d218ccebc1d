"""What a driver is given and gives back. A driver owns the protocol around its family's methods.

A driver is a module with `train(job, state, seconds_between_checkpoints, report)`, usually `loop.fit`, and
`evaluate(job)`. With `prepare(job)` it may change the job's data before anything is built.
"""

import importlib
from collections.abc import Callable
from dataclasses import dataclass, field
from types import ModuleType
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from pipeline import encoders, seeds
from pipeline.contract import Method
from pipeline.device import Device

if TYPE_CHECKING:
    from pipeline.datasets import Prepared


class Diverged(Exception):  # noqa: N818
    """Numbers stopped being finite. The run is recorded as diverged, with this message as the reason."""


@dataclass
class Data:
    """A run's share of a data set, on its device: images uint8, labels renumbered 0..K-1 over the classes kept."""

    train_images: Tensor
    train_labels: Tensor
    """As the method sees them, with whatever noise the study asks for."""
    true_labels: Tensor
    """The training labels before noise."""
    valid_images: Tensor
    valid_labels: Tensor
    test_images: Tensor
    test_labels: Tensor
    held_out_images: Tensor
    """Test images of the classes held out."""
    labelled_images: Tensor
    """What probes learn from: the training images before `imbalance` thins them out."""
    labelled_labels: Tensor
    spare_images: Tensor
    """Training images beyond `train_examples`, on the CPU, which nothing else uses."""
    class_names: list[str]
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @property
    def shape(self) -> tuple[int, int, int]:
        _, channels, height, width = self.train_images.shape
        return channels, height, width


def share(prepared: "Prepared", job: "Job") -> Data:
    """Apply the run's example counts, held_out_classes, imbalance, label_noise and evaluate_on.

    With `evaluate_on: validation` the validation examples take the place of the test split. Only training labels are
    ever made noisy.
    """
    settings, device = job.settings, job.device.torch
    held_out = settings["held_out_classes"]
    kept = [c for c in range(len(prepared.classes)) if c not in held_out]
    renumber = torch.full((len(prepared.classes),), -1)
    renumber[kept] = torch.arange(len(kept))

    def part(images: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        labels = renumber[labels]
        chosen = labels >= 0
        return images[chosen].to(device), labels[chosen].to(device)

    count = settings["train_examples"] or len(prepared.train_images)
    split = count - settings["validation_examples"]
    tested = settings["test_examples"] or len(prepared.test_images)
    validation = prepared.train_images[split:count], prepared.train_labels[split:count]
    test = prepared.test_images[:tested], prepared.test_labels[:tested]
    if settings["evaluate_on"] == "validation":
        test = validation
    labelled = part(prepared.train_images[:split], prepared.train_labels[:split])
    images, labels = labelled
    if settings["imbalance"]:
        thinned = long_tail(labels, len(kept), settings["imbalance"])
        images, labels = images[thinned], labels[thinned]
    given = labels
    if noise := settings.get("label_noise"):
        flips = [[int(renumber[c]) for c in flip] for flip in noise["flips"]]
        given = noisy(labels.cpu(), len(kept), noise["rate"], flips, job.generator("label noise")).to(device)
    return Data(
        images,
        given,
        labels,
        *part(*validation),
        *part(*test),
        test[0][renumber[test[1]] < 0].to(device),
        *labelled,
        prepared.train_images[count:][renumber[prepared.train_labels[count:]] >= 0],
        [prepared.classes[c] for c in kept],
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


def class_counts(data: Data) -> tuple[int, ...]:
    """Training examples of each class by the labels given; where an image has several labels, of each; () for none."""
    labels = data.train_labels.cpu()
    if labels.ndim > 1:
        return tuple(labels.long().sum(0).tolist())
    if labels.is_floating_point():
        return ()
    return tuple(torch.bincount(labels, minlength=len(data.class_names)).tolist())


@dataclass
class Evaluation:
    """metrics: by name, finite. arrays: for predictions.npz. choices: what was chosen on validation data."""

    metrics: dict[str, float]
    arrays: dict[str, Tensor]
    choices: dict[str, float] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    """What was drawn of the data: `class_counts` of the training set, `label_noise`, the share of wrong labels."""


@dataclass
class Job:
    """A run being executed."""

    settings: dict[str, Any]
    study: str
    seed: int
    method: Method
    device: Device
    load: Callable[[str], "Prepared"]
    """Prepared data sets by key, for a driver that needs more than the run's own."""
    data: Data = field(init=False)
    base: Method | None = None
    """The trained method that the run builds on."""
    wild: Tensor | None = None
    """(M, C, H, W) uint8, see `contract.Context`."""
    history: list[dict[str, Any]] = field(default_factory=list)
    """In evaluation, the rows of training's epochs."""

    def seed_of(self, *purpose: str | int) -> int:
        """The seed for a purpose: of study, seed and purpose, never of the method."""
        return seeds.derive(self.study, self.seed, *purpose)

    def generator(self, *purpose: str | int) -> torch.Generator:
        return torch.Generator().manual_seed(self.seed_of(*purpose))


def make_method(module: str, name: str, settings: dict[str, Any]) -> Method:
    """An instance of the method's class with its resolved settings."""
    made: Method = getattr(importlib.import_module(module), name)(**settings)
    return made


def make_encoder(job: Job) -> encoders.Encoder:
    """The study's encoder as every method of the study starts with it at this seed."""
    torch.manual_seed(job.seed_of("encoder"))
    encoder = encoders.build(job.settings["encoder"], job.data.shape[0])
    encoder.bf16 = job.device.precision == "bf16"
    return encoder


def load(name: str) -> ModuleType:
    return importlib.import_module(f"pipeline.drivers.{name}")
