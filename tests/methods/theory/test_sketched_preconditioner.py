"""Conjugate gradients with a sketched preconditioner: solutions, conditions, and without it."""

import numpy as np
import pytest

from pipeline.methods.theory.sketched_preconditioner import SketchedPreconditioner, conjugate_gradients
from pipeline.ops import sketches


def check(**changes: object) -> SketchedPreconditioner:
    return SketchedPreconditioner(**{"smallest": 24, "largest": 48, "steps": 3, "plain": False, **changes})


def test_conjugate_gradients_solve_and_end_after_as_many_steps_as_unknowns() -> None:
    random = np.random.default_rng(0)
    a, b = random.normal(size=(30, 5)), random.normal(size=30)
    x, count = conjugate_gradients(a, b, 1e-10)
    assert x == pytest.approx(np.linalg.lstsq(a, b, rcond=None)[0], abs=1e-9) and count <= 6
    orthonormal = np.linalg.qr(a)[0]
    assert conjugate_gradients(orthonormal, b, 1e-6)[1] == 1


def test_the_sketch_leaves_a_condition_number_that_does_not_depend_on_the_matrix() -> None:
    """By the extreme singular values of 8 k normal rows: (1 + 8^(-1/2)) / (1 - 8^(-1/2)) is 2.1."""
    random = np.random.default_rng(1)
    for condition in (1.0, 1e4):
        a = np.linalg.qr(random.normal(size=(800, 30)))[0] * np.geomspace(1, condition, 30)
        r = np.linalg.qr(sketches.gaussian(240, a, random))[1]
        assert np.linalg.cond(np.linalg.solve(r.T, a.T).T) == pytest.approx(2.1, abs=0.25)


def test_iterations_hardly_grow_with_the_unknowns_and_without_the_sketch_they_do() -> None:
    counts = {
        plain: [check(plain=plain).measure(np.random.default_rng(2), size)["iterations"] for size in (24, 48)]
        for plain in (False, True)
    }
    assert counts[False][1] <= counts[False][0] + 2 and counts[True][1] > 1.8 * counts[True][0]
