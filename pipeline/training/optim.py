"""Optimisers and learning-rate schedules, as the studies name them."""

import math
from typing import Any

import torch
from torch import Tensor, nn

from pipeline.budget import Optimizer, Schedule

State = dict[str, Any]


class Stepping(torch.optim.Optimizer):
    """An optimiser whose members update all parameters of a group at once.

    For a small network, what torch does around the kernels of a step takes longer than the kernels. A parameter without
    a gradient is left as it is, and its state too.
    """

    def zero_grad(self, set_to_none: bool = True) -> None:
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            parameters = [parameter for parameter in group["params"] if parameter.grad is not None]
            if parameters:
                self.update(group, parameters, [p.grad for p in parameters], [self.state[p] for p in parameters])

    def update(self, group: State, parameters: list[Tensor], gradients: list[Any], states: list[State]) -> None:
        """One step of a group's parameters that have gradients; `states` are empty before the first."""
        raise NotImplementedError


class SGD(Stepping):
    """v <- m v + g + wd w;  w <- w - lr v, or w <- w - lr (g + wd w + m v) with Nesterov's momentum. As torch's."""

    def update(self, group: State, parameters: list[Tensor], gradients: list[Any], states: list[State]) -> None:
        torch._fused_sgd_(
            *(parameters, gradients, _kept(states, "momentum_buffer", parameters) if group["momentum"] else []),
            lr=group["lr"],
            momentum=group["momentum"],
            nesterov=group["nesterov"],
            weight_decay=group["weight_decay"],
            dampening=0.0,
            maximize=False,
            is_first_step=False,
        )


class AdamW(Stepping):
    """Adam with decoupled weight decay (Loshchilov and Hutter 2019, algorithm 2). As torch's."""

    def update(self, group: State, parameters: list[Tensor], gradients: list[Any], states: list[State]) -> None:
        moments = [_kept(states, name, parameters) for name in ("exp_avg", "exp_avg_sq")]
        for state in states:
            state["step"] = state.get("step", 0.0) + 1
        # made at once: as tensors of their own, they would be counted up one by one
        steps = torch.tensor([state["step"] for state in states], device=parameters[0].device)
        torch._fused_adamw_(
            *(parameters, gradients, *moments, [], list(steps)),
            lr=group["lr"],
            beta1=group["betas"][0],
            beta2=group["betas"][1],
            weight_decay=group["weight_decay"],
            eps=1e-8,
            amsgrad=False,
            maximize=False,
        )


class LARS(Stepping):
    """SGD with momentum whose step is scaled per layer (You, Gitman and Ginsburg 2017, algorithm 1).

    v <- m v + lr * trust * |w| / (|g| + wd |w|) * (g + wd w);  w <- w - v. Vectors (biases, normalisation)
    get neither the scaling nor weight decay, as in SimCLR and SwAV. Where |w| or |g| is zero the ratio is 1.
    """

    def update(self, group: State, parameters: list[Tensor], gradients: list[Any], states: list[State]) -> None:
        velocities = _kept(states, "momentum_buffer", parameters)
        for weight, gradient, velocity in zip(parameters, gradients, velocities, strict=True):
            update = gradient
            if weight.ndim > 1:
                update = gradient.add(weight, alpha=group["weight_decay"])
                norm, slope = weight.norm(), gradient.norm()
                ratio = group["trust"] * norm / (slope + group["weight_decay"] * norm)
                update = update * torch.where((norm > 0) & (slope > 0), ratio, torch.ones_like(ratio))
            weight.sub_(velocity.mul_(group["momentum"]).add_(update, alpha=group["lr"]))


def _kept(states: list[State], name: str, parameters: list[Tensor]) -> list[Tensor]:
    """The tensors of a name in the parameters' states, at first zeros."""
    for state, parameter in zip(states, parameters, strict=True):
        if name not in state:
            state[name] = torch.zeros_like(parameter)
    return [state[name] for state in states]


def build(settings: Optimizer, module: nn.Module) -> torch.optim.Optimizer:
    """The optimiser over all parameters that require gradients. Only matrices and kernels are decayed."""
    parameters = [p for p in module.parameters() if p.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
    groups = [group for group in groups if group["params"]]
    kinds = {"sgd": SGD, "lars": LARS, "adamw": AdamW}
    return kinds[settings.name](
        groups, {"lr": settings.learning_rate, **settings.model_dump(exclude={"name", "learning_rate"})}
    )


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
