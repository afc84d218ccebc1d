"""Each example's gradient is projected to where it harms no example of the batch, and the projections are averaged."""

from pipeline.contract import Tensor, torch
from pipeline.methods.jacobian_descent import JacobianDescent
from pipeline.ops.complementarity import solved


class IwrmUpgrad(JacobianDescent):
    """UPGrad: the update is 1/m sum_i pi(g_i), pi the projection on the dual cone {x: J x >= 0} (equation 3).

    By the paper's proposition 1, pi(J^T u) = J^T v with v = argmin v^T G v over v >= u, here for all u = e_i / m at
    once: x = v - u solves G x + G u >= 0, x >= 0 with one of them 0 for each example. Where no two gradients
    conflict it is the mean.
    """

    paper = "jacobian_descent"

    def weights(self, gram: Tensor) -> Tensor:
        own = torch.eye(len(gram), dtype=gram.dtype, device=gram.device) / len(gram)
        regular = self.regular(gram)
        return (own + solved(regular, own @ regular)).sum(0)
