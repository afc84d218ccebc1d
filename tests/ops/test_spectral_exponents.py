"""Tail exponents of spectra: by loops, of a known power law, of windows and kernels."""

import math

import numpy as np
import pytest
import torch

from pipeline.ops.spectral_exponents import exponent, layers, plain, spread, windowed, windows

DRAWS = torch.Generator().manual_seed(0)
KERNEL = torch.randn(12, 30, 3, 3, generator=DRAWS)


def by_loops(values):
    values = sorted(values)
    tail = values[len(values) // 2 :]
    return 1 + len(tail) / sum(math.log(value / tail[0]) for value in tail)


def squares(matrix):
    return (np.linalg.svd(matrix.double().numpy(), compute_uv=False) ** 2).tolist()


def test_of_a_power_law_the_exponent():
    uniform = (torch.arange(20_000, dtype=torch.float64) + 0.5) / 20_000
    assert exponent(uniform ** (-1 / 1.5)) == pytest.approx(2.5, rel=0.01)
    values = torch.rand(31, generator=DRAWS)
    assert exponent(values) == pytest.approx(by_loops(values.tolist()))
    assert exponent(7 * values) == pytest.approx(exponent(values))


def test_windows_are_even_and_overlap():
    matrix = torch.arange(7 * 10.0).view(7, 10)
    found = windows(matrix, 4, 3)
    want = [matrix[r : r + 4, c : c + 4] for r in (0, 1, 2) for c in (0, 3, 6)]
    assert torch.equal(found, torch.stack(want))
    assert windows(matrix, 100, 3).shape == (3, 7, 7)
    assert torch.equal(windows(matrix, 4, 1), matrix[None, :4, :4])


def test_of_a_matrix_windows_are_pooled():
    matrix = torch.randn(20, 33, generator=DRAWS)
    every = [value for window in windows(matrix, 8, 4) for value in squares(window)]
    assert windowed(matrix, 8, 4) == pytest.approx(by_loops(every))
    assert plain(matrix) == pytest.approx(by_loops(squares(matrix)))


def test_of_a_kernel_places_are_pooled_and_cuts_averaged():
    places = [KERNEL[:, :, i, j] for i in range(3) for j in range(3)]
    assert plain(KERNEL) == pytest.approx(by_loops([value for place in places for value in squares(place)]))
    cuts = [by_loops([v for place in places for v in squares(place.T[start : start + 12])]) for start in (0, 12)]
    assert windowed(KERNEL, 100, 9) == pytest.approx(sum(cuts) / 2)


def test_layers_with_enough_eigenvalues():
    module = torch.nn.Sequential(torch.nn.Conv2d(5, 8, 1), torch.nn.BatchNorm2d(8), torch.nn.Linear(8, 4))
    assert layers(module) == [module[0]]
    assert spread([1.0, 3.0]) == 1.0


def test_of_weights_that_have_run_away_the_exponent_is_no_number():
    lost = torch.full((20, 20), math.inf)
    assert math.isnan(plain(lost)) and math.isnan(windowed(lost, 5, 2))
