"""The cross-correlation's loss against slow loops over pairs of dimensions, and its closed form for known matrices."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.barlow_twins import BarlowTwins
from tests.kit.embeddings import layer_names, loop_covariance, uncorrelated
from tests.kit.methods import made, pair


@pytest.mark.parametrize("weight", [0.0051, 0.5])
def test_barlow_twins_equals_the_slow_loops(weight):
    z1, z2 = pair()
    dims, both, total = z1.shape[1], loop_covariance(torch.cat([z1, z2], 1), correction=0), 0.0
    for i in range(dims):
        for j in range(dims):
            c = both[i][dims + j] / math.sqrt((both[i][i] + 1e-5) * (both[dims + j][dims + j] + 1e-5))
            total += (1 - c) ** 2 if i == j else weight * c**2
    assert BarlowTwins(off_diagonal_weight=weight).objective(z1, z2).item() == pytest.approx(total, rel=1e-4)


def test_barlow_twins_is_zero_where_the_cross_correlation_is_the_identity():
    z = uncorrelated()
    assert BarlowTwins().objective(z, 4 * z + 7).item() == pytest.approx(0.0, abs=1e-6)
    assert BarlowTwins().objective(z, -z).item() == pytest.approx(3 * 4, rel=1e-3)
    repeated = z[:, [0, 0, 0]]
    assert BarlowTwins().objective(repeated, repeated).item() == pytest.approx(6 * 0.0051, rel=1e-3)


def test_the_head_has_three_layers_the_last_without_norm_and_bias():
    head = made(BarlowTwins).projector
    assert layer_names(head) == ["Linear", "BatchNorm1d", "ReLU"] * 2 + ["Linear"] and head[-1].bias is None
