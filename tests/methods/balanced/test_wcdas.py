"""Wrapped Cauchy densities by loops over cosines; over all angles each integrates to one."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.balanced.wcdas import WCDAS
from tests.kit.classifiers import FIVE, B, K, embedded
from tests.kit.losses import cosines, cross_entropy
from tests.kit.methods import made


@pytest.mark.parametrize("start, scale_start", [(0.0, 0.0), (1.5, 20.0)])
def test_wcdas(start, scale_start, labels):
    method, features = made(WCDAS, context=FIVE, start=start, scale_start=scale_start), embedded()
    with torch.no_grad():
        method.concentration += torch.linspace(-0.5, 0.5, K)
    g = [1 / (1 + math.exp(-a)) for a in method.concentration.tolist()]
    s = (1 + math.log(1 + math.exp(scale_start))) / (2 * math.pi)
    total = 0.0
    for row, y in zip(cosines(features, method.head.weight), labels.tolist(), strict=True):
        z = [s * (1 - c * c) / (1 + c * c - 2 * c * cosine) for c, cosine in zip(g, row, strict=True)]
        total += cross_entropy(z, y)
    got = method.objective(method.logits(features), labels).item()
    assert got == pytest.approx(total / B, rel=1e-4)


def test_densities_integrate_to_one_and_flatten_out():
    method = made(WCDAS, context=FIVE, start=0.7)
    theta = torch.linspace(-math.pi, math.pi, 2001)[:-1]
    every_angle = theta.cos()[:, None].expand(-1, K)
    method.head = nn.Identity()
    density = method.logits(every_angle) / (1 + math.log(2))
    torch.testing.assert_close(density.mean(0) * 2 * math.pi, torch.ones(K), atol=1e-3, rtol=0)
    with torch.no_grad():
        method.concentration.fill_(-30.0)
    assert method.logits(every_angle).std(0).max() < 1e-6
