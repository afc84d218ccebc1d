"""Weights and bias by scikit-learn; finite where classes are separable, refused where there is one."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pipeline.ops.logistic import fit_logistic


@pytest.mark.parametrize("strength", [0.1, 1.0, 100.0])
def test_it_equals_scikit_learn(strength):
    make = torch.Generator().manual_seed(21)
    x = torch.randn(80, 3, generator=make, dtype=torch.float64) * torch.tensor([1.0, 5.0, 0.2])
    y = (x[:, 0] + x[:, 1] / 5 + torch.randn(80, generator=make) > 0.5).long()
    weights, bias = fit_logistic(x, y, strength)
    want = LogisticRegression(C=strength, tol=1e-12, max_iter=10000).fit(x.numpy(), y.numpy())
    np.testing.assert_allclose(weights, want.coef_[0], rtol=1e-4)
    assert bias.item() == pytest.approx(want.intercept_[0], rel=1e-4, abs=1e-5)


def test_on_separable_data_it_stays_finite_and_needs_both_classes():
    x = torch.tensor([[-100.0], [-99.0], [99.0], [100.0]])
    weights, bias = fit_logistic(x, torch.tensor([0, 0, 1, 1]), 1000.0)
    assert 0 < weights.item() < 10 and abs(bias.item()) < 1
    with pytest.raises(ValueError, match="both classes"):
        fit_logistic(x, torch.ones(4))


@pytest.mark.parametrize("size", [8, 200])
def test_it_equals_scikit_learn_on_badly_scaled_features_also_where_classes_are_separable(size):
    make = torch.Generator().manual_seed(22)
    x = torch.randn(size, 4, generator=make, dtype=torch.float64)
    y = (x[:, 0] + x[:, 1] > 0.2).long()
    x = x * torch.tensor([1e-3, 1.0, 1e4, 1e6]) + torch.tensor([1.0, 0.0, 1e3, 1e7])
    weights, bias = fit_logistic(x, y)
    want = LogisticRegression(tol=1e-12, max_iter=10000, solver="newton-cholesky").fit(x.numpy() - [1, 0, 1e3, 1e7], y)
    decisions = (x.numpy() - [1, 0, 1e3, 1e7]) @ want.coef_[0] + want.intercept_[0]
    np.testing.assert_allclose(x @ weights + bias, decisions, rtol=1e-3, atol=1e-3)
