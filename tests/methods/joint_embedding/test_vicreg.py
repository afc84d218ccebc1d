"""Variance, invariance and covariance against slow loops, term by term, and at spread and at collapsed embeddings."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.vicreg import VICReg
from tests.kit.embeddings import layer_names, loop_covariance, uncorrelated
from tests.kit.methods import made, pair


def loop_vicreg(z1, z2, invariance, variance, redundancy):
    dims, total = z1.shape[1], 0.0
    for a, b in zip(z1.double().tolist(), z2.double().tolist(), strict=True):
        total += invariance * sum((x - y) ** 2 for x, y in zip(a, b, strict=True)) / (len(z1) * dims)
    for z in (z1, z2):
        matrix = loop_covariance(z)
        total += variance / 2 * sum(max(0.0, 1 - math.sqrt(matrix[i][i] + 1e-4)) for i in range(dims)) / dims
        total += redundancy * sum(matrix[i][j] ** 2 for i in range(dims) for j in range(dims) if i != j) / dims
    return total


@pytest.mark.parametrize("weights", [(25.0, 25.0, 1.0), (2.0, 0.0, 0.0), (0.0, 2.0, 0.0), (0.0, 0.0, 2.0)])
def test_vicreg_equals_the_slow_loops(weights):
    z1, z2 = (z * torch.tensor([0.2, 0.5, 1.0, 2.0, 0.0]) for z in pair())
    method = VICReg(invariance_weight=weights[0], variance_weight=weights[1], covariance_weight=weights[2])
    assert method.objective(z1, z2).item() == pytest.approx(loop_vicreg(z1, z2, *weights), rel=1e-4)


def test_vicreg_is_zero_for_equal_spread_and_uncorrelated_embeddings_and_pulls_on_collapsed_ones():
    z = 1.1 * uncorrelated()
    assert VICReg().objective(z, z).item() == pytest.approx(0.0, abs=1e-6)
    same = torch.ones(6, 4)
    assert VICReg().objective(same, same).item() == pytest.approx(25 * (1 - 0.01), rel=1e-5)
    almost = (1 + 1e-3 * torch.randn(6, 4)).requires_grad_()
    VICReg().objective(almost, almost).backward()
    assert almost.grad.isfinite().all() and almost.grad.abs().max() > 0


def test_the_expander_has_three_layers_the_last_without_norm_and_bias():
    head = made(VICReg).projector
    assert layer_names(head) == ["Linear", "BatchNorm1d", "ReLU"] * 2 + ["Linear"] and head[-1].bias is None
