"""Each example's gradient loses, one after the other, what it has against the gradients of the others."""

from pipeline.contract import Tensor, torch
from pipeline.methods.jacobian_descent import JacobianDescent


class IwrmPcGrad(JacobianDescent):
    """PCGrad (Yu et al. 2020, algorithm 1): v_i <- v_i - <v_i, g_j> g_j / |g_j|^2 where <v_i, g_j> < 0.

    So for every other j in random order. The v_i begin as g_i and are averaged, where the paper of PCGrad and the
    authors' library add them up: it is the mean where no two gradients conflict. Only two gradients come out without
    conflict for certain.
    """

    paper = "jacobian_descent"

    def weights(self, gram: Tensor) -> Tensor:
        size = len(gram)
        combined = torch.eye(size, dtype=gram.dtype, device=gram.device)
        places = torch.arange(size, device=gram.device)
        orders = torch.rand(size, size).argsort(1).to(gram.device)
        for other in orders.T:
            along = (combined * gram[other]).sum(1)
            taken = along.clamp_max(0.0) / gram.diagonal()[other].clamp_min(1e-30)
            combined[places, other] -= torch.where(other == places, 0.0, taken)
        return combined.mean(0)
