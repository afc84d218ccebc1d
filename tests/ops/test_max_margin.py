"""The classifier of largest margin: against a support vector machine, and in closed form."""

import numpy as np
import pytest

from pipeline.ops import max_margin


@pytest.mark.parametrize("shape", [(40, 3), (15, 60)])
def test_it_is_a_support_vector_machine_that_errs_nowhere(shape: tuple[int, int]) -> None:
    from sklearn.svm import SVC

    signed = np.random.default_rng(0).normal(size=shape)
    signed[:, 0] = np.abs(signed[:, 0]) + 0.2
    found = max_margin.direction(signed)
    # each point and its mirror image, so that the best intercept is 0
    both, sides = np.vstack([signed, -signed]), np.append(np.ones(len(signed)), -np.ones(len(signed)))
    expected = SVC(kernel="linear", C=1e8, tol=1e-9).fit(both, sides).coef_[0]
    assert found / np.linalg.norm(found) == pytest.approx(expected / np.linalg.norm(expected), abs=1e-4)
    assert (signed @ found).min() > 0


def test_two_points_in_closed_form() -> None:
    """Orthogonal points a and b: the hull's nearest point weighs each by the other's squared length."""
    found = max_margin.direction(np.array([[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
    assert found / found.sum() == pytest.approx(np.array([2.0, 4.0, 0.0]) / 6)
