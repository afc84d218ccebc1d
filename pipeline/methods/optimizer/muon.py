"""A matrix's step has all its singular values brought near one, so that no direction of it is neglected."""

from typing import Any

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.ops import counted
from pipeline.ops.stepping import kept
from pipeline.training.optim import Stepping

COEFFICIENTS = (3.4445, -4.7750, 2.0315)


class Muon(Optimised):
    """m <- mu m + (1 - mu) g;  w <- (1 - lr wd) w - lr sqrt(max(1, rows / columns)) NS(mu m + (1 - mu) g).

    Jordan et al. (2024). NS is five Newton-Schulz steps X <- a X + (b A + c A^2) X, A = X X^T, from X / |X|_F: singular
    values end between 0.7 and 1.2. Kernels are matrices of outputs by all else. The head, biases and what else is no
    matrix of the network's inside are stepped by Adam (0.9, 0.95), at `adam_share` of the rate: in the authors' code
    3e-4 beside 0.02. It computes in bfloat16, here in float32; for square kernels it reads the factor from the kernel's
    sides, which gives 1, here from the matrix.
    """

    paper = ""
    mu: float = setting(0.95, low=0.0, high=0.999)
    adam_share: float = setting(0.015, unit="of the learning rate", low=0.0)

    def several(self, groups: Groups) -> list[torch.optim.Optimizer]:
        head = {id(parameter) for parameter in self.head.parameters()}
        inner, others = [], []
        for group in groups:
            ours = [p for p in group["params"] if p.ndim > 1 and id(p) not in head]
            rest = [p for p in group["params"] if p.ndim <= 1 or id(p) in head]
            inner += [{**group, "params": ours}] if ours else []
            others += [{**group, "params": rest, "scale": self.rate * self.adam_share}] if rest else []
        return [
            *([Orthogonal(inner, {"momentum": self.mu})] if inner else []),
            counted.AdamW(others, betas=(0.9, 0.95), eps=1e-10, fused=True),
        ]


class Orthogonal(Stepping):
    def update(self, group: Any, parameters: list[Tensor], gradients: list[Tensor], states: list[Any]) -> None:
        for weight, gradient, average in zip(
            parameters, gradients, kept(states, "momentum_buffer", parameters), strict=True
        ):
            average.lerp_(gradient, 1 - group["momentum"])
            step = gradient.lerp(average, group["momentum"]).reshape(len(weight), -1)
            factor = max(1.0, step.shape[0] / step.shape[1]) ** 0.5
            weight.mul_(1 - group["lr"] * group["weight_decay"])
            weight.sub_(orthogonalised(step).reshape(weight.shape), alpha=group["lr"] * factor)


def orthogonalised(matrix: Tensor, steps: int = 5) -> Tensor:
    """U S' V^T for a matrix U S V^T, with S' near 1."""
    a, b, c = COEFFICIENTS
    tall = matrix.shape[0] > matrix.shape[1]
    found = matrix.T if tall else matrix
    found = found / (found.norm() + 1e-7)
    for _ in range(steps):
        square = found @ found.T
        found = a * found + (b * square + c * square @ square) @ found
    return found.T if tall else found
