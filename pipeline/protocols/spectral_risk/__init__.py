"""Linear models whose losses' spectral risk is minimised: convex, so that one can tell how near the minimum is."""

from typing import Literal

from pydantic import model_validator

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.schema import Count, NotNegative, Positive, Steps, Strict

KINDS = ("risk_minimiser",)


class Risk(Strict):
    """f(w), see `ops.spectral_risk.Risk`; `l2` is the weight of |w|^2 / 2."""

    name: Literal["superquantile", "extremile", "esrm", "mean"] = "superquantile"
    level: NotNegative = 0.5
    shift_cost: NotNegative = 1.0
    l2: Positive = 0.001

    @model_validator(mode="after")
    def _levels_are_possible(self) -> "Risk":
        if self.name == "superquantile" and self.level >= 1:
            raise ValueError("level: of a superquantile it must be less than 1")
        if self.name == "extremile" and self.level < 1:
            raise ValueError("level: of an extremile it must be at least 1")
        if self.name == "esrm" and self.level == 0:
            raise ValueError("level: of an ESRM it must be more than 0")
        return self


class HeavyTails(Strict):
    """Noise on training targets: Student's t, in deviations of the targets."""

    freedom: Count
    scale: Positive


class Budget(budget.TrainingBudget):
    risk: Steps[Risk] = Risk()
    loss_scale: Positive = 1.0
    """A factor of losses and penalties alike, which moves no minimum."""
    heavy_tails: Steps[HeavyTails | None] = None

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if described.classes and self.heavy_tails:
            raise UserError(f"{where}: heavy_tails: data set '{described.key}' has classes as labels, not numbers")
