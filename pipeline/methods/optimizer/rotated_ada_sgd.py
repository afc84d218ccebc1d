"""Adam with a single second moment, in randomly rotated coordinates: for it they are all the same."""

from typing import Any

from pipeline.contract import setting, torch
from pipeline.methods.optimizer import Groups
from pipeline.methods.optimizer.ada_sgd import Blockwise
from pipeline.methods.optimizer.rotated_sgd import RotatedSGD


class RotatedAdaSGD(RotatedSGD):
    """AdaSGD on w' = R w with gradients R g, the same up to rounding as on w: a rotation changes no mean of squares."""

    paper = ""
    beta1: float = setting(0.9, low=0.0, high=0.9999)
    beta2: float = setting(0.95, low=0.0, high=0.99999)

    def turned(self, groups: Groups) -> torch.optim.Optimizer:
        chosen: Any = {"betas": (self.beta1, self.beta2), "together": True}
        return Blockwise(groups, chosen)
