"""Optimisers and learning-rate schedules, as the studies name them."""

import math
from collections.abc import Iterable

import torch
from torch import nn

from pipeline.budget import Optimizer, Schedule


class LARS(torch.optim.Optimizer):
    """SGD with momentum whose step is scaled per layer (You, Gitman and Ginsburg 2017, algorithm 1).

    v <- m v + lr * trust * |w| / (|g| + wd |w|) * (g + wd w);  w <- w - v. Vectors (biases, normalisation)
    get neither the scaling nor weight decay, as in SimCLR and SwAV. Where |w| or |g| is zero the ratio is 1.
    """

    def __init__(
        self, groups: Iterable[dict[str, object]], lr: float, momentum: float, weight_decay: float, trust: float
    ) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay, "trust": trust})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is None:
                    continue
                update = weight.grad
                if weight.ndim > 1:
                    update = update.add(weight, alpha=group["weight_decay"])
                    norm = weight.norm()
                    ratio = group["trust"] * norm / (weight.grad.norm() + group["weight_decay"] * norm)
                    update = update * torch.where((norm > 0) & (weight.grad.norm() > 0), ratio, torch.ones_like(ratio))
                state = self.state[weight]
                if "momentum_buffer" not in state:
                    state["momentum_buffer"] = torch.zeros_like(weight)
                velocity = state["momentum_buffer"].mul_(group["momentum"]).add_(update, alpha=group["lr"])
                weight.sub_(velocity)


def build(settings: Optimizer, module: nn.Module) -> torch.optim.Optimizer:
    """The optimiser over all parameters that require gradients. Only matrices and kernels are decayed.

    AdamW steps all of them at once: for a small network, one by one takes a tenth of the training time.
    """
    parameters = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    makers = {"sgd": _sgd, "lars": _lars, "adamw": _adamw}
    return makers[settings.name](groups, settings)


def _sgd(groups: list[dict], s: Optimizer) -> torch.optim.Optimizer:
    return torch.optim.SGD(groups, lr=s.learning_rate, momentum=s.momentum, nesterov=s.nesterov)


def _lars(groups: list[dict], s: Optimizer) -> torch.optim.Optimizer:
    return LARS(groups, lr=s.learning_rate, momentum=s.momentum, weight_decay=s.weight_decay, trust=s.trust)


def _adamw(groups: list[dict], s: Optimizer) -> torch.optim.Optimizer:
    return torch.optim.AdamW(groups, lr=s.learning_rate, betas=(s.betas[0], s.betas[1]), fused=True)


def learning_rate(settings: Optimizer, schedule: Schedule, step: int, steps: int) -> float:
    """The rate at `step` (0, 1, ...) of `steps`."""
    peak = settings.learning_rate
    if schedule.name == "one_cycle":
        first, last = peak / 25, peak / 25e4
        top = schedule.warmup * steps - 1
        if step <= top:
            return peak + (first - peak) * _cosine(step, top)
        return last + (peak - last) * _cosine(step - top, steps - 1 - top)
    warm = round(schedule.warmup * steps)
    if step < warm:
        return peak * (step + 1) / warm
    return peak if schedule.name == "constant" else peak * _cosine(step - warm, steps - warm)


def _cosine(step: float, steps: float) -> float:
    """From 1 at step 0 to 0 at `steps`."""
    return (1 + math.cos(math.pi * step / steps)) / 2 if steps else 0.0
