"""The mean of the examples' gradients: empirical risk minimisation, told apart example by example."""

from pipeline.contract import Tensor, torch
from pipeline.methods.jacobian_descent import JacobianDescent


class IwrmMean(JacobianDescent):
    """w = 1/m each, so that steps are those of `cross_entropy`; what it adds is `conflict_share`."""

    paper = "jacobian_descent"

    def weights(self, gram: Tensor) -> Tensor:
        return torch.full_like(gram[0], 1 / len(gram))
