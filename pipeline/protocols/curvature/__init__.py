"""Classifiers judged by how sharply their training loss rises around the weights they end at, beside their accuracy."""

from typing import Literal

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.schema import Count, Evaluated, Positive, Strict, Whole

KINDS = ("classifier",)


class Curvature(Strict):
    """Of the mean loss over the first `examples` training images, or all if they are fewer: plain views, in evaluation
    mode and fp32."""

    loss: Literal["cross_entropy", "squared_error"] = "cross_entropy"
    """Squared error: half the squared distance of the scores from zeros and a one."""
    examples: Count = 500
    steps: Count = 60
    """Of Lanczos' method, at most."""
    probes: Count = 20
    """Random directions, for the trace and for the mean rise of the loss."""
    radius: Positive = 0.05
    """How far the weights are moved, in L2 norm over all of them."""
    adaptive_radius: Positive = 0.5
    """How far in units of each weight's size."""


class Budget(budget.ClassBudget):
    curvature: Evaluated[Curvature] = Curvature()
    track: Whole = 0
    """Epochs from one measurement of the largest eigenvalue to the next while it trains, 0 for none; needs `watch`."""

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if self.track and not self.watch:
            raise UserError(f"{where}: track = {self.track}: is measured where a run is watched; set watch to true")
