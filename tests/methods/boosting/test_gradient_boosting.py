"""One tree on six points by hand; scikit-learn's own predictions."""

import pytest
import torch
from sklearn.ensemble import GradientBoostingRegressor

from pipeline.methods.boosting.gradient_boosting import GradientBoosting
from tests.kit.tables import Rows, fitted, numbers


def test_one_step_by_hand():
    """Of 0, 1, 2 | 10, 11, 12 the mean is 6; the best cut leaves residuals -5 and 5 on average, of which a tenth."""
    rows = torch.tensor([[float(x)] for x in range(6)]) * torch.tensor([1.0, 0.0, 0.0, 0.0])
    method = fitted(
        GradientBoosting,
        Rows(rows, torch.tensor([0.0, 1, 2, 10, 11, 12])),
        rounds=1,
        depth=1,
        held_out=0.0,
        subsample=1.0,
        of_columns=1.0,
    )
    assert method.predict(rows).tolist() == pytest.approx([5.5] * 3 + [6.5] * 3)


def test_numbers_as_scikit_learn_predicts_them():
    training, test = numbers(), numbers(seed=5).inputs
    settings = {"rounds": 7, "depth": 3, "rate": 0.3, "subsample": 0.6, "of_columns": 0.5}
    method = fitted(GradientBoosting, training, **settings, held_out=0.0)
    model = GradientBoostingRegressor(
        n_estimators=7, max_depth=3, learning_rate=0.3, subsample=0.6, max_features=0.5, random_state=method.seed
    )
    want = model.fit(training.inputs.numpy(), training.labels.double().numpy()).predict(test.numpy())
    assert method.predict(test).tolist() == pytest.approx(want.tolist(), abs=1e-6)
