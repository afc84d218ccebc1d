"""Adam with a single second moment for all coordinates: it adapts its rate, but not to each coordinate."""

from typing import Any

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.training.optim import Stepping


class AdaSGD(Optimised):
    """w <- w - lr m^ / (sqrt(v^) + 1e-8), v the average of mean g^2 over all parameters (section 4 of Xie et al.).

    In their code that is of each group of parameters. Averages are those of their experiments.
    """

    paper = "adam_linf"
    beta1: float = setting(0.9, low=0.0, high=0.9999)
    beta2: float = setting(0.95, low=0.0, high=0.99999)
    together = True
    """All parameters share a second moment."""

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        chosen: Any = {"betas": (self.beta1, self.beta2), "together": self.together}
        return Blockwise(groups, chosen)


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
            rate = group["lr"] / (1 - first**t) / ((v / (1 - second**t)) ** 0.5 + 1e-8)
            weight.sub_(m, alpha=rate)
