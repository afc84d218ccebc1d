"""Quadratic functions in two coordinates, against loops and what a rotation cannot change."""

import numpy as np
import pytest

from pipeline.ops import quadratics

EIGENVALUES = np.array([1.0, 0.3, 0.1, 0.01])
HESSIANS, STARTS = quadratics.both(EIGENVALUES, np.random.default_rng(0))


def test_a_rotation_keeps_lengths_and_prefers_no_direction() -> None:
    random = np.random.default_rng(1)
    turned = np.array([quadratics.rotation(3, random) for _ in range(4000)])
    assert np.allclose(turned @ turned.transpose(0, 2, 1), np.eye(3))
    assert np.allclose(turned.mean(0), 0, atol=0.03)
    assert np.allclose((turned**2).mean(0), 1 / 3, atol=0.03)


def test_both_are_one_function_in_two_coordinates() -> None:
    assert np.array_equal(HESSIANS[0], np.diag(EIGENVALUES))
    assert np.linalg.eigvalsh(HESSIANS[1]) == pytest.approx(np.sort(EIGENVALUES))
    found = quadratics.values(HESSIANS, STARTS[:, None])
    assert found.shape == (2, 1)
    assert found[0] == pytest.approx(found[1])


def test_values_and_norms_by_loops() -> None:
    for hessian, w, value, norm in zip(
        HESSIANS, STARTS, quadratics.values(HESSIANS, STARTS[:, None]), quadratics.norms(HESSIANS), strict=True
    ):
        assert value[0] == pytest.approx(sum(w[i] * hessian[i, j] * w[j] for i in range(4) for j in range(4)) / 2)
        assert norm == pytest.approx(sum(abs(hessian[i, j]) for i in range(4) for j in range(4)))


def test_the_norm_bounds_the_form_over_signs() -> None:
    signs = np.random.default_rng(2).choice([-1, 1], size=(100, 1, 4))
    assert (2 * quadratics.values(HESSIANS[1], signs)).max() <= quadratics.norms(HESSIANS[1])
    assert quadratics.norms(HESSIANS)[0] == pytest.approx(EIGENVALUES.sum()), "along the axes it is reached"
