"""The same damped Gauss-Newton steps, solved by a few iterations of conjugate gradients and so not to the end."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.second_order.egn import EGN, times_q


class SGN(EGN):
    """Stochastic Gauss-Newton (Gargiani et al. 2020): `egn` with d after `iterations` of conjugate gradients from 0.

    They solve (J^T Q J / b + lambda I) d = -g among the weights. With enough of them it is `egn`. The Jacobian is made
    here too, as for `egn`, though the method can do with products alone: its `step_cost` is no less than it must be.
    """

    paper = "egn"
    iterations: int = setting(3, low=1)

    def direction(self, slopes: Tensor, p: Tensor, r: Tensor) -> Tensor:
        def times(vector: Tensor) -> Tensor:
            change = times_q(p, (slopes @ vector)[..., None])[..., 0]
            return torch.tensordot(change, slopes, 2) / len(r) + self.lambda_.to(vector) * vector

        residual = -torch.tensordot(r, slopes, 2) / len(r)
        found, along, length = torch.zeros_like(residual), residual, residual @ residual
        for _ in range(self.iterations):
            product = times(along)
            rate = length / (along @ product).clamp_min(1e-30)
            found, residual = found + rate * along, residual - rate * product
            before, length = length, residual @ residual
            along = residual + length / before.clamp_min(1e-30) * along
        return found
