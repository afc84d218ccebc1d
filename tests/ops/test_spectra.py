"""Spectral radii against eigenvalues; the product of norms against singular values, its gradient by differences."""

import math

import numpy as np
import pytest
import torch

from pipeline.ops.spectra import log_product, spectral_radius


def test_a_rotation_and_a_random_matrix():
    turn = torch.tensor([[0.0, -2.0], [2.0, 0.0]])
    assert spectral_radius(turn) == pytest.approx(2)
    matrix = torch.randn(20, 20, generator=torch.Generator().manual_seed(0))
    assert spectral_radius(matrix) == pytest.approx(abs(np.linalg.eigvals(matrix.double().numpy())).max())
    assert spectral_radius(matrix / 0) == math.inf


def weights(seed=0):
    make = torch.Generator().manual_seed(seed)
    shapes = [(4, 7), (4,), (6, 4), (3, 2, 2, 2)]
    return [torch.randn(shape, generator=make, dtype=torch.float64, requires_grad=True) for shape in shapes]


def slow(given):
    return sum(2 * math.log(float(torch.linalg.svdvals(w.flatten(1))[0])) for w in given if w.ndim > 1)


def test_against_singular_values_and_differences():
    given = weights()
    found = log_product(given)
    assert found.item() == pytest.approx(slow(given))
    slope = torch.autograd.grad(found, given[2])[0]
    for place in [(0, 0), (5, 3), (2, 1)]:
        with torch.no_grad():
            moved = [[w.clone() for w in given] for _ in range(2)]
            moved[0][2][place] += 1e-5
            moved[1][2][place] -= 1e-5
        assert slope[place].item() == pytest.approx((slow(moved[0]) - slow(moved[1])) / 2e-5, rel=1e-5, abs=1e-8)


def test_a_layer_twice_as_large_adds_log_four():
    given = weights()
    doubled = [2 * given[0], *given[1:]]
    assert float(log_product(doubled) - log_product(given)) == pytest.approx(math.log(4))


def test_of_weights_that_have_run_away_the_loss_is_no_number():
    assert not math.isfinite(log_product([torch.full((3, 4), math.inf), torch.eye(3)]).item())
    assert not math.isfinite(log_product([torch.full((3, 4), math.nan)]).item())
