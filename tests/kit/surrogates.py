"""What tests of surrogates share: a small network in float64, designs with their values, steps of training."""

import dataclasses

import torch
from torch import nn

from pipeline.contract import Batch
from tests.kit.methods import FEATURES
from tests.kit.tables import COLUMNS, TABLE


def surrogate(cls, seed=1, **settings):
    """A built surrogate on two layers with leaky ReLU."""
    torch.manual_seed(seed)
    method = cls(**settings)
    method.encoder = nn.Sequential(nn.Linear(COLUMNS, 9), nn.LeakyReLU(0.3), nn.Linear(9, FEATURES), nn.LeakyReLU(0.3))
    method.build(dataclasses.replace(TABLE, num_classes=0))
    return method.double().train()


def designs(count=12, seed=2):
    draws = torch.Generator().manual_seed(seed)
    return torch.randn(count, COLUMNS, generator=draws, dtype=torch.float64)


def batch(count=12, seed=2):
    """Designs whose value is a bent function of them."""
    rows = designs(count, seed)
    return Batch([rows], rows[:, 0] * rows[:, 1] - rows[:, 2].abs(), torch.arange(count))


def trained(method, steps=3, rate=0.01):
    """The method after some steps of Adam, each on a batch of its own."""
    optimizer = torch.optim.Adam(method.parameters(), rate)
    for number in range(steps):
        method.step(batch(seed=number), [optimizer], 0)
    return method


def gradients(method, of):
    """One backward pass of a batch: name -> gradient of each weight."""
    method.zero_grad(set_to_none=True)
    method.backward(of)
    return {name: weight.grad.clone() for name, weight in method.named_parameters()}


def alike(first, second):
    """Whether two methods have the same weights, to the last bit."""
    ours, theirs = dict(first.named_parameters()), dict(second.named_parameters())
    return ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)


def slope_norm(method, rows):
    """|grad_w mean score|, from each design's gradient by itself."""
    total = [torch.zeros_like(weight) for weight in method.parameters()]
    for row in rows:
        slopes = torch.autograd.grad(method.score(row[None]).sum(), list(method.parameters()))
        total = [old + slope / len(rows) for old, slope in zip(total, slopes, strict=True)]
    return sum(float((slope**2).sum()) for slope in total) ** 0.5
