"""Classifiers, trained on labelled images and read off by their logits, of images as they are and under attack."""

from typing import Literal

from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.protocols import supervised
from pipeline.schema import Count, Distinct, Evaluated, Positive, Strict

KINDS = supervised.KINDS
MODALITIES = ("images",)


class Attack(Strict):
    """What evaluation attacks with, in an l_inf ball; lengths are shares of a pixel's range."""

    radius: Positive = 0.1
    """What a metric without a suffix is of."""
    radii: Distinct[Positive] = []
    """Further ones, for curves."""
    steps: Count = 20
    """Of projected gradient ascent."""
    step_size: Positive = 0.125
    """As a share of the radius."""

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
