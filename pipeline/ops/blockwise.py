"""Adam whose second moment is shared by blocks of coordinates."""

from typing import Any

import torch
from torch import Tensor

from pipeline.training.optim import Stepping

EPSILON = 1e-8


class Blockwise(Stepping):
    """m <- b1 m + (1 - b1) g;  v <- b2 v + (1 - b2) mean g^2 over a block;  w <- w - lr m^ / (sqrt(v^) + eps).

    together: whether all parameters of all groups are one block; otherwise each is one.
    """

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        slopes = [p.grad for group in self.param_groups for p in group["params"] if p.grad is not None]
        self.shared = sum(float(slope.square().sum()) for slope in slopes) / max(1, sum(s.numel() for s in slopes))
        super().step()

    def update(self, group: Any, parameters: list[Tensor], gradients: list[Tensor], states: list[Any]) -> None:
        first, second = group["betas"]
        for weight, gradient, state in zip(parameters, gradients, states, strict=True):
            size = self.shared if group["together"] else float(gradient.square().mean())
            t = state["steps"] = state.get("steps", 0) + 1
            v = state["block"] = second * state.get("block", 0.0) + (1 - second) * size
            m = state.setdefault("exp_avg", torch.zeros_like(weight))
            m.lerp_(gradient, 1 - first)
            weight.mul_(1 - group["lr"] * group["weight_decay"])
            rate = group["lr"] / (1 - first**t) / ((v / (1 - second**t)) ** 0.5 + EPSILON)
            weight.sub_(m, alpha=rate)
