"""What budgets are made of: a protocol's own extends one of these. Imports no torch, since planning reads it."""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.schema import (
    Count,
    Distinct,
    Evaluated,
    NotNegative,
    Positive,
    Rate,
    Seeds,
    Share,
    Steps,
    Strict,
    Whole,
    evaluated,
)

Decay = Annotated[float, Field(ge=0, lt=1)]
"""Of a running average: at 1 it would never move."""


class Optimizer(Strict):
    """`sgd` and `lars` read momentum; `nesterov` is SGD's; `adamw` reads betas; `trust` is LARS's coefficient."""

    name: Literal["sgd", "lars", "adamw"]
    learning_rate: Rate
    weight_decay: NotNegative = 0.0
    momentum: Share = 0.9
    nesterov: bool = False
    betas: Annotated[list[Decay], Field(min_length=2, max_length=2)] = [0.9, 0.999]
    trust: Positive = 0.001

    @model_validator(mode="after")
    def _nesterov_looks_ahead(self) -> "Optimizer":
        if self.nesterov and not self.momentum:
            raise ValueError("nesterov needs a momentum above 0")
        return self


class Schedule(Strict):
    """Learning rate over steps: linear warm-up over `warmup` (share of training), then the named shape.

    `one_cycle` is torch's without its cycle of momentum: cosine up over `warmup`, cosine down to nearly zero.
    """

    name: Literal["constant", "cosine", "one_cycle"] = "cosine"
    warmup: Share = 0.0


class LabelNoise(Strict):
    """Training labels replaced by wrong ones, each with probability `rate`, drawn per study and seed.

    The wrong label is any other class alike (symmetric noise), or with `flips`, pairs [class, class it becomes], that
    one; then labels of classes that no pair names stay right (asymmetric noise).
    """

    rate: Share
    flips: list[Annotated[list[Whole], Field(min_length=2, max_length=2)]] = []

    @model_validator(mode="after")
    def _a_class_becomes_one_other(self) -> "LabelNoise":
        sources = [source for source, _ in self.flips]
        if len(set(sources)) < len(sources) or any(source == target for source, target in self.flips):
            raise ValueError("flips must give each class at most one other class that it becomes")
        return self


class Bare(Strict):
    """What the runs of every protocol have, also of those that read no data set."""

    seeds: Seeds = 3

    def not_trained_on(self) -> frozenset[str]:
        """The settings that training does not read."""
        return evaluated(type(self))

    def reads(self) -> list[str]:
        """Data sets that are read beside the run's own."""
        return []

    def streams(self) -> tuple[str, ...]:
        """The streams that methods may read beside the training set."""
        return ()


class Budget(Bare):
    """What the runs of protocols that read a data set have."""

    dataset: Steps[str | None] = None
    """Replaces the study's data set at this tier or in this variant."""
    encoder: Steps[str] = "convnet"
    train_examples: Steps[Count | None] = None
    """So many of the training split, of all classes in proportion, the same for every seed; null for all."""
    validation_examples: Steps[Whole] = 0
    """So many of `train_examples`, of all classes too, that are not trained on."""
    test_examples: Evaluated[Count | None] = None
    evaluate_on: Evaluated[Literal["test", "validation"]] = "test"
    """`validation` measures on the validation examples and never looks at the test split: for searches."""
    held_out_classes: Steps[Distinct[Whole]] = []
    """Classes left out of training, validation and test."""
    imbalance: Steps[Annotated[float, Field(ge=1, le=10_000)] | None] = None
    """Training examples of the most frequent class to those of the rarest, falling exponentially in between."""
    batch_size: Steps[Count] = 256
    augmentation: Any = {}
    """What the modality of the data says of views; its schema takes the place of this one."""

    def check(self, described: Dataset, where: str) -> None:
        """Raise UserError where the data set cannot serve the protocol. Protocols add what they need."""
        check_examples(self, described, where)
        check_classes(self, described, where)
        check_shares(self, described, where)


OF_BASE = (
    *("dataset", "encoder", "train_examples", "validation_examples"),
    *("evaluate_on", "held_out_classes", "imbalance"),
)
"""What must be the base's where a run only scores what another has trained; see `protocols` for INHERITED."""


class TrainingBudget(Budget):
    epochs: Steps[Annotated[int, Field(ge=0, le=100_000)]]
    optimizer: Steps[Optimizer]
    schedule: Steps[Schedule] = Schedule()
    precision: Literal["auto", "fp32", "bf16"] = "auto"
    weight_average: Decay = 0.0
    """Decay of an exponential moving average of the weights, which is then what is evaluated; 0 for none."""
    label_noise: LabelNoise | None = None
    watch: bool = False
    """Measure the test split after every epoch too, for what the best epoch would have given."""

    def not_trained_on(self) -> frozenset[str]:
        return frozenset() if self.watch else super().not_trained_on()

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if self.label_noise:
            for flip in self.label_noise.flips:
                if wrong := [c for c in flip if c >= len(described.classes) or c in self.held_out_classes]:
                    raise UserError(f"{where}: label_noise.flips = {flip}: class {wrong[0]} is not trained on")
        if self.epochs and self.batch_size < 2:
            raise UserError(f"{where}: batch_size = {self.batch_size}: must be at least 2")
        if self.epochs and self.batch_size > (left := training_examples(self, described)):
            raise UserError(f"{where}: batch_size = {self.batch_size}: must be at most the {left} training examples")


class ClassBudget(TrainingBudget):
    """Of protocols that need classes as labels."""

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        needs_classes(described, where)


def training_examples(budget: Budget, described: Dataset) -> int:
    """How many examples are trained on."""
    return (budget.train_examples or described.train_examples) - budget.validation_examples


def check_examples(budget: Budget, described: Dataset, where: str) -> None:
    """Whether the data set has as many examples as the budget asks for."""
    wanted, there = budget.train_examples or described.train_examples, described.train_examples
    for name, count in (("train_examples", there), ("test_examples", described.test_examples)):
        asked = getattr(budget, name)
        if asked is not None and asked > count:
            raise UserError(f"{where}: {name} = {asked}: data set '{described.key}' has {count}")
    if budget.validation_examples >= wanted:
        raise UserError(
            f"{where}: validation_examples = {budget.validation_examples}: "
            f"must be fewer than the {wanted} training examples they are taken from"
        )
    if budget.evaluate_on == "validation" and not budget.validation_examples:
        raise UserError(f"{where}: evaluate_on = 'validation': validation_examples = 0; set it above 0")


def check_classes(budget: Budget, described: Dataset, where: str) -> None:
    """Whether the classes that the budget names are there, and two or more are left."""
    classes = len(described.classes)
    if outside := [c for c in budget.held_out_classes if c >= classes]:
        span = f"classes 0 to {classes - 1}" if classes else "numbers as labels, no classes"
        raise UserError(f"{where}: held_out_classes = {outside}: '{described.key}' has {span}")
    if classes and classes - len(set(budget.held_out_classes)) < 2:
        raise UserError(f"{where}: data set '{described.key}' leaves fewer than two classes; the study needs two")
    for name in ("imbalance", "label_noise"):
        if not classes and getattr(budget, name, None):
            raise UserError(f"{where}: {name}: is of classes, and '{described.key}' has numbers as labels; take it out")


def check_shares(budget: Budget, described: Dataset, where: str) -> None:
    """Whether every class can be in training, validation and test."""
    classes, validation = len(described.classes), budget.validation_examples
    shares = {
        "training": training_examples(budget, described),
        "validation": validation,
        "test": budget.test_examples or described.test_examples,
    }
    for name, count in shares.items():
        if count < classes and (count or name != "validation"):
            raise UserError(
                f"{where}: {count} {name} examples: '{described.key}' has {classes} classes, and each must have one or "
                f"more; ask for at least {classes}"
            )
    for name, count in zip(described.classes, described.class_counts.get("train", ()), strict=False):
        if validation and count < 2:
            raise UserError(
                f"{where}: validation_examples = {validation}: '{described.key}' has {count} training example of class "
                f"'{name}', which must be in training and validation; add some, or set validation_examples to 0"
            )


def needs_classes(described: Dataset, where: str) -> None:
    """Refuse a data set whose labels are numbers."""
    if not described.classes:
        raise UserError(f"{where}: data set '{described.key}' has numbers as labels; the protocol needs classes")
