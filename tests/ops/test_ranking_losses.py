"""Losses for ranking: least by another solver, derivatives by differences, and the AUC by loops."""

import numpy as np
import pytest
from scipy.optimize import minimize

from pipeline.ops import ranking_losses

RANDOM = np.random.default_rng(0)
POSITIVE, NEGATIVE = RANDOM.normal(0.5, 1, (7, 3)), RANDOM.normal(0, 1, (19, 3))


def objective(weights: np.ndarray, loss: str, ridge: float, intercept: bool) -> float:
    """By loops over examples and pairs."""
    high, low = ([row @ weights[:3] + intercept * weights[3] for row in kind] for kind in (POSITIVE, NEGATIVE))
    losses = {
        "univariate": np.mean([np.log1p(np.exp(-s)) for s in high] + [np.log1p(np.exp(s)) for s in low]),
        "reweighted": np.mean([np.log1p(np.exp(-s)) for s in high]) + np.mean([np.log1p(np.exp(s)) for s in low]),
        "pairwise": np.mean([np.log1p(np.exp(t - s)) for s in high for t in low]),
    }
    return float(losses[loss] + ridge / 2 * weights[:3] @ weights[:3])


@pytest.mark.parametrize("loss", ranking_losses.LOSSES)
@pytest.mark.parametrize("intercept", [True, False])
def test_weights_are_those_of_the_least_loss(loss: str, intercept: bool) -> None:
    found = ranking_losses.fitted(POSITIVE, NEGATIVE, loss, [0.5, 0.01], intercept)
    for weights, ridge in zip(found, [0.5, 0.01], strict=True):
        least = minimize(objective, np.zeros(4), args=(loss, ridge, intercept), tol=1e-10).x
        assert weights[:3] == pytest.approx(least[:3], abs=1e-4)
        if intercept and loss != "pairwise":
            assert weights[3] == pytest.approx(least[3], abs=1e-4)


def test_separable_examples_have_finite_weights() -> None:
    high, low = np.full((2, 1), 3.0), np.full((5, 1), -3.0)
    found = ranking_losses.fitted(high, low, "pairwise", [1.0, 1e-4], True)[:, 0]
    # 6 / (1 + exp(6 w)) = ridge w
    assert 6 / (1 + np.exp(6 * found)) == pytest.approx(np.array([1.0, 1e-4]) * found, rel=1e-5)


def test_auc_by_loops_with_ties() -> None:
    high, low = RANDOM.integers(0, 4, (2, 6)).astype(float), RANDOM.integers(0, 4, (2, 9)).astype(float)
    for row in range(2):
        pairs = [(s > t) + (s == t) / 2 for s in high[row] for t in low[row]]
        assert ranking_losses.auc(high, low)[row] == pytest.approx(np.mean(pairs))
