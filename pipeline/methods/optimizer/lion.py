"""Only the sign of an average of gradients is followed: every coordinate moves equally far."""

from typing import Any

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.optimizer import Groups, Optimised
from pipeline.ops.stepping import kept
from pipeline.training.optim import Stepping


class Lion(Optimised):
    """w <- (1 - lr wd) w - lr sign(b1 m + (1 - b1) g), then m <- b2 m + (1 - b2) g (Chen et al. 2023, algorithm 2).

    Defaults are the paper's for images. Rates are a third to a tenth of Adam's.
    """

    paper = ""
    beta1: float = setting(0.9, low=0.0, high=0.9999)
    beta2: float = setting(0.99, low=0.0, high=0.9999)

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        return Signs(groups, {"betas": (self.beta1, self.beta2)})


class Signs(Stepping):
    def update(self, group: Any, parameters: list[Tensor], gradients: list[Tensor], states: list[Any]) -> None:
        first, second = group["betas"]
        averages = kept(states, "exp_avg", parameters)
        steps = torch._foreach_lerp(averages, gradients, 1 - first)
        torch._foreach_sign_(steps)
        torch._foreach_mul_(parameters, 1 - group["lr"] * group["weight_decay"])
        torch._foreach_add_(parameters, steps, alpha=-group["lr"])
        torch._foreach_lerp_(averages, gradients, 1 - second)
