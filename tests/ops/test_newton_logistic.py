"""Penalised logistic regression: against scikit-learn, at its optimum, and in closed form."""

import numpy as np
import pytest

from pipeline.ops import newton_logistic


@pytest.mark.parametrize("penalty", [1.0, 1e-3])
def test_it_is_that_of_scikit_learn(penalty: float) -> None:
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    x = random.normal(size=(50, 4))
    y = np.where(x[:, 0] + random.normal(size=50) > 0.3, 1.0, -1.0)
    found = newton_logistic.fit(x, y, penalty)
    fitted = LogisticRegression(C=1 / (penalty * 50), tol=1e-10, max_iter=10_000).fit(x, y)
    assert found == pytest.approx(np.append(fitted.coef_, fitted.intercept_), abs=1e-4)


def test_where_it_starts_changes_nothing_even_on_separable_points() -> None:
    x = np.random.default_rng(1).normal(size=(20, 30))
    y = np.where(np.arange(20) % 2 == 0, 1.0, -1.0)
    first = newton_logistic.fit(x, y, 1e-6)
    assert newton_logistic.fit(x, y, 1e-6, newton_logistic.fit(x, y, 1e-2)) == pytest.approx(first, rel=1e-3, abs=1e-3)


def test_two_mirrored_points_in_closed_form() -> None:
    """x = 1 and -1: the bias is 0, and penalty * w is the sigmoid of -w."""
    w, bias = newton_logistic.fit(np.array([[1.0], [-1.0]]), np.array([1.0, -1.0]), 0.2)
    assert bias == pytest.approx(0, abs=1e-9) and 0.2 * w == pytest.approx(1 / (1 + np.exp(w)))
