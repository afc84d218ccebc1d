"""Covariances and correlations by slow loops over dimensions, in float32 also within bfloat16."""

import math

import torch

from pipeline.ops.covariance import covariance, cross_correlation, off_diagonal_squares
from tests.kit.embeddings import loop_covariance
from tests.kit.methods import pair


def test_covariance_and_cross_correlation_equal_the_slow_loops():
    z1, z2 = pair()
    torch.testing.assert_close(covariance(z1), torch.tensor(loop_covariance(z1)))
    both = loop_covariance(torch.cat([z1, z2], 1), correction=0)
    lengths = [math.sqrt(both[i][i] + 1e-5) for i in range(10)]
    scaled = [[both[i][5 + j] / (lengths[i] * lengths[5 + j]) for j in range(5)] for i in range(5)]
    torch.testing.assert_close(cross_correlation(z1, z2), torch.tensor(scaled))


def test_a_dimension_that_does_not_vary_is_correlated_with_none():
    z1, z2 = pair()
    z1[:, 2] = 7.0
    assert not cross_correlation(z1, z2)[2].any()


def test_they_stay_in_float32_under_bf16():
    z1, z2 = pair(40)
    z1 = z1 + 100
    plain = covariance(z1), cross_correlation(z1, z2)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        within = covariance(z1), cross_correlation(z1, z2)
    for found, expected in zip(within, plain, strict=True):
        assert torch.equal(found, expected)


def test_squares_off_the_diagonal():
    assert float(off_diagonal_squares(torch.tensor([[5.0, 1.0], [2.0, 7.0]]))) == 5.0
