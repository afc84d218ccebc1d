"""Sensing: what is drawn, descent by loops, and the subgradient by differences."""

import numpy as np
import pytest

from pipeline.ops import matrix_sensing
from pipeline.ops.matrix_sensing import Start


def made(m: int = 40, d: int = 4) -> matrix_sensing.Sensing:
    return matrix_sensing.drawn(d, 2, m, 0.25, np.random.default_rng(0))


def test_what_is_drawn() -> None:
    sensing = made(4000)
    assert np.linalg.eigvalsh(sensing.truth) == pytest.approx([0, 0, 1, 1], abs=1e-12)
    assert sensing.basis.T @ sensing.basis == pytest.approx(np.eye(4), abs=1e-12)
    assert (sensing.errors != 0).mean() == pytest.approx(0.25, abs=0.03)
    assert np.array_equal(made(10).matrices, sensing.matrices[:10]), "fewer are the first of more"


@pytest.mark.parametrize("squared", [False, True])
def test_descent_by_loops(squared: bool) -> None:
    sensing, start = made(), Start(0.3, 3, 2.0, squared)
    u = 0.3 * sensing.basis.copy()
    u[:, 3:] = 0
    for step in range(30):
        slope = np.zeros((4, 4))
        for a, error in zip(sensing.matrices, sensing.errors, strict=True):
            rest = np.sum(a * (u @ u.T)) - np.sum(a * sensing.truth) - 2.0 * error
            slope += (rest if squared else np.sign(rest)) * (a + a.T) @ u / 40
        u -= 0.05 * 0.97**step * slope
    left = np.linalg.norm(u @ u.T - sensing.truth) / np.linalg.norm(sensing.truth)
    found = matrix_sensing.recovered(sensing, [Start(0.1, 2, 5.0), start], 30, 0.05, 0.97)
    assert found[1] == pytest.approx(left, rel=1e-9)


def test_a_short_step_lowers_the_absolute_loss_by_the_squared_subgradient() -> None:
    sensing = made()
    u = 0.3 * sensing.basis

    def loss(u: np.ndarray) -> float:
        rest = np.einsum("mij,ij->m", sensing.matrices, u @ u.T - sensing.truth) - sensing.errors
        return float(np.abs(rest).mean())

    rest = np.einsum("mij,ij->m", sensing.matrices, u @ u.T - sensing.truth) - sensing.errors
    slope = np.einsum("m,mij->ij", np.sign(rest), sensing.matrices) / 40
    slope = (slope + slope.T) @ u
    assert (loss(u) - loss(u - 1e-7 * slope)) / 1e-7 == pytest.approx((slope**2).sum(), rel=1e-3)
