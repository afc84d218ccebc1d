"""Adam in randomly rotated coordinates of the weights, where no coordinate is a weight any more."""

from pipeline.contract import setting, torch
from pipeline.methods.optimizer import Groups
from pipeline.methods.optimizer.rotated_sgd import RotatedSGD
from pipeline.ops import counted


class RotatedAdam(RotatedSGD):
    """Adam on w' = R w with gradients R g (section 4.1). Averages are those of the paper's experiments."""

    paper = ""
    beta1: float = setting(0.9, low=0.0, high=0.9999)
    beta2: float = setting(0.95, low=0.0, high=0.99999)

    def turned(self, groups: Groups) -> torch.optim.Optimizer:
        return counted.Adam(groups, betas=(self.beta1, self.beta2), fused=True)
