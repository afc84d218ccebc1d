"""A matrix's gradient is whitened from both sides, by what its rows and its columns have had in common so far."""

from typing import Any

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.ops.stepping import kept
from pipeline.training.optim import Stepping


class Shampoo(Optimised):
    """L <- L + G G^T, R <- R + G^T G;  w <- w - lr m of L^(-1/4) G R^(-1/4) (Gupta, Koren and Singer 2018, alg. 1).

    L and R begin at `epsilon` times the identity. A kernel is a matrix of outputs by all else; a vector has L alone,
    as a diagonal, with the exponent -1/2, which is AdaGrad. Roots are renewed every `renewal` steps. As in the paper's
    experiments momentum is 0.9, on the whitened gradient. Without grafting of another method's step length.
    """

    paper = ""
    momentum: float = setting(0.9, low=0.0, high=0.999)
    epsilon: float = setting(1e-4, low=1e-12)
    renewal: int = setting(10, unit="steps", low=1)
    training_only = ("peaks", "left", "right", "count")

    count: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        for number, weight in enumerate(self.parameters()):
            rows, columns = len(weight), weight[0].numel()
            if weight.ndim > 1:
                self.register_buffer(f"left_{number}", self.epsilon * torch.eye(rows).repeat(2, 1, 1))
                self.register_buffer(f"right_{number}", self.epsilon * torch.eye(columns).repeat(2, 1, 1))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        pairs: dict[Tensor, tuple[Tensor, Tensor]] = {
            weight: (getattr(self, f"left_{number}"), getattr(self, f"right_{number}"))
            for number, weight in enumerate(self.parameters())
            if weight.ndim > 1
        }
        return Whitened(groups, {"momentum": self.momentum, "epsilon": self.epsilon}, pairs, self)

    def after_step(self) -> None:
        self.count += 1


class Whitened(Stepping):
    """pairs: of each matrix, L and R, each (2, n, n) with its root behind it: buffers of the method."""

    def __init__(self, groups: Groups, defaults: Any, pairs: dict[Tensor, tuple[Tensor, Tensor]], method: Any) -> None:
        super().__init__(groups, defaults)
        self.pairs, self.method = pairs, method

    def update(self, group: Any, parameters: list[Tensor], gradients: list[Tensor], states: list[Any]) -> None:
        renewed = int(self.method.count) % self.method.renewal == 0
        velocities = kept(states, "momentum_buffer", parameters)
        for weight, slope, velocity, state in zip(parameters, gradients, velocities, states, strict=True):
            gradient = slope.add(weight, alpha=group["weight_decay"])
            if weight in self.pairs:
                (left, left_root), (right, right_root) = self.pairs[weight]
                matrix = gradient.reshape(len(weight), -1)
                left.add_(matrix @ matrix.T)
                right.add_(matrix.T @ matrix)
                if renewed:
                    left_root.copy_(inverse_root(left))
                    right_root.copy_(inverse_root(right))
                step = (left_root @ matrix @ right_root).reshape(weight.shape)
            else:
                (total,) = kept([state], "sum", [weight])
                step = gradient / (total.add_(gradient.square()) + group["epsilon"]).sqrt()
            weight.sub_(velocity.mul_(group["momentum"]).add_(step), alpha=group["lr"])


def inverse_root(matrix: Tensor) -> Tensor:
    """M^(-1/4) of a symmetric positive definite matrix; of a sum that has overflowed no number."""
    if not matrix.isfinite().all():
        return torch.full_like(matrix, float("nan"))
    values, vectors = torch.linalg.eigh(matrix.double())
    found: Tensor = (vectors * values.clamp(min=1e-12).pow(-0.25)) @ vectors.T
    return found.to(matrix.dtype)
