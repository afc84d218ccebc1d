"""Classifiers, trained on labelled images and read off by their logits, of images as they are and under attack."""

from typing import Literal

from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.protocols import supervised
from pipeline.schema import Count, Distinct, Evaluated, Positive, Strict, Whole

KINDS = supervised.KINDS
MODALITIES = ("images",)


class Attack(Strict):
    """What evaluation attacks with; lengths are shares of a pixel's range."""

    norm: Literal["linf", "l2"] = "linf"
    radius: Positive = 0.1
    """What a metric without a suffix is of."""
    radii: Distinct[Positive] = []
    """Further ones, for curves."""
    curve_examples: Count = 300
    """So many of the test images, the first, are attacked at these."""
    steps: Count = 20
    """Of projected gradient ascent."""
    step_size: Positive = 0.125
    """As a share of the radius."""
    adaptive_steps: Count = 20
    """Of each adaptive attack of the ensemble."""
    targets: Count = 3
    """Wrong classes, the most likely first, towards which its targeted attack goes."""
    queries: Whole = 200
    """Of its random search."""
    training_examples: Whole = 1000
    """So many training images are attacked too, for what is robust of training alone."""

    @property
    def all_radii(self) -> list[float]:
        return sorted({self.radius, *self.radii})


class Budget(supervised.Budget):
    precision: Literal["auto", "fp32", "bf16"] = "fp32"
    attack: Evaluated[Attack] = Attack()

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if self.precision != "fp32":
            raise UserError(
                f"{where}: precision = '{self.precision}': attacks need 'fp32': rounding must not pass for robustness"
            )
        left = len(described.classes) - len(self.held_out_classes)
        if left < 4:
            raise UserError(
                f"{where}: data set '{described.key}' leaves {left} classes: the ensemble's targeted attack needs 4"
            )
