"""Classifiers whose answers are guaranteed within a radius: trained as in `supervised`, read off by certificates."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.protocols import supervised
from pipeline.schema import Count, Distinct, Evaluated, Positive, Strict

KINDS = ("certifier",)
MODALITIES = ("images",)


class Certificate(Strict):
    """What is certified, and how; lengths are shares of a pixel's range."""

    norm: Literal["linf", "l2"] = "l2"
    radius: Positive = 0.25
    """What a metric without a suffix is of."""
    radii: Distinct[Positive] = []
    """Further ones."""
    attacked: Distinct[Positive] = []
    """At which accuracy under attack is told, beside `radius`."""
    examples: Count = 200
    """So many of the test images, the first, are certified."""
    samples: Count = 1000
    selection: Count = 100
    error: Annotated[float, Field(gt=0, lt=0.5)] = 0.001
    votes: Count = 500
    """All four as in `methods.certified.Sampling`."""
    steps: Count = 20
    """Of a quarter of the radius, of the attack that tries to break certificates and to change answers."""

    @property
    def all_radii(self) -> list[float]:
        return sorted({self.radius, *self.radii})

    @property
    def attacked_radii(self) -> list[float]:
        return sorted({self.radius, *self.attacked})


class Budget(supervised.Budget):
    precision: Literal["auto", "fp32", "bf16"] = "fp32"
    certificate: Evaluated[Certificate] = Certificate()

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if self.precision != "fp32":
            raise UserError(
                f"{where}: precision = '{self.precision}': certificates need 'fp32': rounding must not pass "
                "for robustness"
            )
