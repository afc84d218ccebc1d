"""Kernels on a grid of midpoints, against sums over all modes."""

import numpy as np

from pipeline.ops.cosine_kernel import Cosines

CELLS = 32
COSINES = Cosines(CELLS)
MODES = np.sqrt(2) * np.cos(np.pi * np.outer((np.arange(CELLS) + 0.5) / CELLS, np.arange(1, CELLS)))


def test_the_modes_are_orthonormal_on_the_grid() -> None:
    assert np.allclose(MODES.T @ MODES / CELLS, np.eye(CELLS - 1))


def test_functions_and_kernels_are_the_sums() -> None:
    values, cells = np.random.default_rng(0).uniform(size=CELLS - 1), np.arange(CELLS)
    assert np.allclose(COSINES.function(values), MODES @ values)
    kernel = COSINES.kernel(values)
    assert np.allclose(kernel(cells, cells), (MODES * values) @ MODES.T)
    assert np.allclose(kernel(cells[3:5], cells[7:8]), (MODES[3:5] * values) @ MODES[7:8].T)


def test_coefficients_are_means_of_products_and_undo_a_function() -> None:
    values = np.random.default_rng(1).uniform(size=(2, CELLS))
    assert np.allclose(COSINES.coefficients(values), values @ MODES / CELLS)
    assert np.allclose(COSINES.coefficients(COSINES.function(values[:, 1:])), values[:, 1:])


def test_functions_on_the_border_have_terms_of_a_harmonic_sum() -> None:
    coefficients = COSINES.border(0.6, 3.0, np.random.default_rng(0))
    assert np.allclose(coefficients**2 / (COSINES.j**-3.0) ** 0.6, 1 / COSINES.j)
    assert set(np.sign(coefficients)) == {-1, 1}
