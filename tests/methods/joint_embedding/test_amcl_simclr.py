"""Contrast over heads with a temperature a pair against slow loops, DCL as its limit, and the heads' independence."""

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.amcl_simclr import AMCLSimCLR
from pipeline.methods.joint_embedding.dcl import DCL
from tests.kit.embeddings import adaptive_pair, adaptive_temperature
from tests.kit.methods import batch, made, pair, unit


def test_amcl_simclr_equals_the_slow_loops():
    method = made(AMCLSimCLR, projection_dim=5, heads=3, span=1.3, beta=0.2)
    method.adaptive.phi[2].weight.data.mul_(4)
    torch.manual_seed(3)
    z = torch.randn(7, 15), torch.randn(7, 15)
    total = 0.0
    for c in range(3):
        views = [[unit(row[5 * c : 5 * c + 5]) for row in view.double().tolist()] for view in z]
        for v in (0, 1):
            for i, anchor in enumerate(views[v]):
                negatives = [n for view in views for j, n in enumerate(view) if j != i]
                total += adaptive_pair(method, anchor, views[1 - v][i], negatives) / 14
    assert method.objective(*z).item() == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_with_one_head_and_a_fixed_temperature_it_is_dcl(beta):
    z = pair(9, 6)
    method = made(AMCLSimCLR, heads=1, span=0.0, temperature=0.2, beta=beta)
    torch.testing.assert_close(method.objective(*z), DCL(temperature=0.2).objective(*z))


def test_temperatures_lie_in_their_range_and_are_lower_for_the_more_alike():
    method = made(AMCLSimCLR, heads=1)
    a = nn.functional.normalize(torch.randn(50, 6))
    between = torch.tensor([[adaptive_temperature(method, x, y) for y in a.tolist()] for x in a.tolist()])
    assert between.min() >= 0.1 and between.max() <= 2.0
    assert (between.diagonal() <= 1.05 + 1e-6).all(), "phi(z).phi(z) is not negative"
    method.adaptive.beta = 0.0
    phi = method.adaptive.phi(a)
    torch.testing.assert_close(1 / method.adaptive.term(torch.ones(50, 50), phi @ phi.T), between)


def test_the_heads_are_trained_apart():
    method = made(AMCLSimCLR, heads=2)
    first, second = (head[0].weight for head in method.projector.heads)
    assert not torch.equal(first, second)
    z = method.embed(batch().views)
    z[0][:, :6].square().sum().backward()
    assert first.grad.any() and (second.grad is None or not second.grad.any())
