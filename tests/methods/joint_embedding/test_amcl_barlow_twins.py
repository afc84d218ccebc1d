"""Correlations with a temperature a pair of dimensions against slow loops, and Barlow Twins as its limit."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.amcl_barlow_twins import AMCLBarlowTwins
from pipeline.methods.joint_embedding.barlow_twins import BarlowTwins
from tests.kit.methods import dot, made, pair


def test_amcl_barlow_twins_equals_the_slow_loops():
    settings = {"projection_dim": 4, "projection_hidden": 5, "heads": 2, "span": 1.3, "beta": 0.2}
    method = made(AMCLBarlowTwins, **settings, off_diagonal_weight=0.3)
    torch.manual_seed(3)
    z = torch.randn(9, 8), torch.randn(9, 8)
    total = 0.0
    for c in range(2):
        columns = []
        for view in z:
            part = view.double()[:, 4 * c : 4 * c + 4]
            columns.append(((part - part.mean(0)) / (part.var(0, correction=0) + 1e-5).sqrt()).T.tolist())
        for row, left in enumerate(columns[0]):
            for column, right in enumerate(columns[1]):
                phi = []
                for values in (left, right):
                    with torch.no_grad():
                        phi.append(method.adaptive.phi(torch.tensor(values)[:, None]).double().flatten().tolist())
                t = 1.3 / (1 + math.exp(dot(*phi) / 9)) + 0.1
                correlation, regular = dot(left, right) / 9, 4 / 2 * math.log(t) + 1 / t
                if row == column:
                    total += (1 - correlation / t) ** 2 + 0.2 * regular
                else:
                    total += 0.3 * correlation**2 / t - 0.2 * regular
    assert method.objective(*z).item() == pytest.approx(total, rel=1e-4)


@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_with_one_head_and_temperature_1_it_is_barlow_twins(beta):
    z = pair(9, 6)
    found = made(AMCLBarlowTwins, heads=1, lowest=1.0, span=0.0, beta=beta).objective(*z).item()
    # Omega(1) is 1, for 6 equal and 30 unequal pairs of dimensions
    assert found == pytest.approx(made(BarlowTwins).objective(*z).item() + beta * (6 - 30), rel=1e-5)
