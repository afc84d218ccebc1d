"""Sharpness-aware steps whose ascent is as long as the gradient says, which lowers the edge of stability."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.classifier.squared_error import SquaredLoss
from pipeline.methods.sharpness_aware import SharpnessAware


class SAMUnnormalised(SharpnessAware, SquaredLoss):
    """w <- w - eta g(w + rho g(w)) with g the gradient of the mean squared error: SAM without the division by |g|.

    Agarwala and Dauphin (2023): the largest eigenvalue lambda of the Hessian settles where eta lambda (1 + rho lambda)
    is 2, since along its eigenvector a step multiplies the error by 1 - eta lambda (1 + rho lambda). rho = 0 is
    gradient descent, whose edge is 2 / eta. rho = 0.05 is ours; for eta = 0.05 it halves the edge.
    """

    paper = "sam_eos"
    rho: float = setting(0.05, unit="of the gradient", low=0.0)

    def ascend(self, gradients: list[Tensor], radius: float) -> list[Tensor]:
        return list(torch._foreach_mul(gradients, radius))

    def observed(self) -> dict[str, float]:
        """For the edge that is to be expected of it."""
        return {"ascent": self.rho}
