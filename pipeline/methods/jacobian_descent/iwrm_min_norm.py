"""The shortest convex combination of the examples' gradients, which harms none and is led by the smallest of them."""

from pipeline.contract import Tensor, torch
from pipeline.methods.jacobian_descent import JacobianDescent
from pipeline.ops.complementarity import solved


class IwrmMinNorm(JacobianDescent):
    """MGDA (Desideri 2012): w = argmin w^T G w over w >= 0 with sum w = 1.

    Solved exactly: the x >= 0 that minimises x G x / 2 - sum x is w times 1 / (w^T G w), of the regularised G. The
    authors' library has at most 100 steps of Frank and Wolfe's method in its place.
    """

    paper = "jacobian_descent"

    def weights(self, gram: Tensor) -> Tensor:
        found = solved(self.regular(gram), -torch.ones_like(gram[:1]))[0]
        return found / found.sum().clamp_min(1e-30)
