"""AdamW whose rate falls, tensor by tensor, while squared gradients exceed what their average says of them."""

from typing import Any

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.optimizer import Groups
from pipeline.methods.optimizer.adam_w import AdamW
from pipeline.ops.stepping import kept
from pipeline.training.optim import Stepping

EPSILON = 1e-8


class StableAdamW(AdamW):
    """AdamW at the rate lr / max(1, RMS / d), RMS = sqrt(mean g^2 / max(v, eps^2)) of a tensor (algorithm 2).

    v is the average with the step's own g^2 in it. As in the authors' code, both averages are corrected by their
    coefficients, b_t = b (1 - b^(t-1)) / (1 - b^t), and weight decay is at the unclipped rate. d = 1 is Adafactor's
    and theirs. RMS <= 1 everywhere is AdamW. Their eps is 1e-6 for weights in half precision; here AdamW's.
    """

    paper = "stable_low_precision"
    threshold: float = setting(1.0, low=1e-3)

    def optimizer(self, groups: Groups) -> torch.optim.Optimizer:
        return Stable(self.decayed(groups), {"betas": (self.beta1, self.beta2), "threshold": self.threshold})


class Stable(Stepping):
    def update(self, group: Any, parameters: list[Tensor], gradients: list[Tensor], states: list[Any]) -> None:
        averages, squares = (kept(states, name, parameters) for name in ("exp_avg", "exp_avg_sq"))
        for weight, g, m, v, state in zip(parameters, gradients, averages, squares, states, strict=True):
            t = state["steps"] = state.get("steps", 0) + 1
            first, second = (beta * (1 - beta ** (t - 1)) / (1 - beta**t) for beta in group["betas"])
            m.lerp_(g, 1 - first)
            v.mul_(second).addcmul_(g, g, value=1 - second)
            rms = (g.square() / v.clamp(min=EPSILON**2)).mean().sqrt()
            rate = group["lr"] / (rms / group["threshold"]).clamp(min=1.0)
            weight.mul_(1 - group["lr"] * group["weight_decay"])
            weight.sub_(rate * m / (v.sqrt() + EPSILON))
