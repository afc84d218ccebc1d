"""Optimisers as methods, step by step: what they did to the weights, and what a rule of plain numbers says."""

import math

import torch

from tests.kit.classifiers import doubled
from tests.kit.methods import batch, made

RATE, DECAY = 0.02, 0.1


def study(part):
    """An optimiser with the study's groups: only matrices and kernels are decayed."""
    weights = list(part.parameters())
    groups = [
        {"params": [weight for weight in weights if weight.ndim > 1], "weight_decay": DECAY},
        {"params": [weight for weight in weights if weight.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.SGD(groups, RATE)


def fresh(cls, **settings):
    """A built method in float64, of a kernel, a matrix and their biases."""
    return made(cls, batch_norm=False, **settings).double()


def course(method, steps=6, rate=RATE, start=0, decay=True):
    """Of each step: weights before, gradients, weights after."""
    optimizers = method.optimizers(study, 0)
    for group in (group for optimizer in optimizers for group in optimizer.param_groups):
        group["lr"] = rate * group.get("scale", 1.0)
        group["weight_decay"] *= decay
    found = []
    for number in range(start, start + steps):
        method.progress = number / method.total
        before = copies(method)
        torch.manual_seed(number)
        method.step(doubled(batch(("full",), seed=number)), optimizers, 1)
        gradients = [weight.grad.clone() for weight in method.parameters()]
        with torch.no_grad():
            method.after_step()
        found.append((before, gradients, copies(method)))
    return found


def copies(method):
    return [weight.detach().clone() for weight in method.parameters()]


def check_rule(method, rule, steps=6):
    """`rule(state, w, g, t, decay)` gives a weight after step t = 1, 2, ... of numbers, and keeps what it likes."""
    states = {}
    for t, (before, gradients, after) in enumerate(course(method, steps), 1):
        for number, (weight, slope, now) in enumerate(zip(before, gradients, after, strict=True)):
            decay = DECAY if weight.ndim > 1 else 0.0
            pairs = zip(weight.flatten().tolist(), slope.flatten().tolist(), strict=True)
            want = [rule(states.setdefault((number, i), {}), w, g, t, decay) for i, (w, g) in enumerate(pairs)]
            torch.testing.assert_close(now.flatten().tolist(), want, rtol=1e-9, atol=1e-12)


def check_same(first, second, steps=6, **tolerances):
    """Two methods take the same way."""
    for ours, theirs in zip(course(first, steps), course(second, steps), strict=True):
        for a, b in zip(ours[2], theirs[2], strict=True):
            torch.testing.assert_close(a, b, **tolerances)


def check_different(first, second, steps=6):
    ours, theirs = course(first, steps)[-1][2], course(second, steps)[-1][2]
    assert any((a - b).abs().max() > 1e-6 for a, b in zip(ours, theirs, strict=True))


def undecayed(rotated, other):
    """The rotated method takes the other's way where nothing is decayed."""
    pairs = zip(course(rotated), course(other, decay=False), strict=True)
    for ours, theirs in pairs:
        for a, b in zip(ours[2], theirs[2], strict=True):
            torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-6)  # the start is rotated in float32


def adam_rule(state, w, g, t, decay):
    """Of averages 0.9 and 0.98, with weight decay in the gradient."""
    g += decay * w
    state["m"] = 0.9 * state.get("m", 0.0) + 0.1 * g
    state["v"] = 0.98 * state.get("v", 0.0) + 0.02 * g * g
    return w - RATE * (state["m"] / (1 - 0.9**t)) / (math.sqrt(state["v"] / (1 - 0.98**t)) + 1e-8)
