"""Normal equations, scikit-learn's ridge, and a penalty that shrinks the weights but not the level."""

import numpy as np
import pytest
import torch
from sklearn import linear_model

from pipeline.methods.regression.ridge import Ridge
from tests.kit.tables import Rows, fitted, numbers


@pytest.mark.parametrize("penalty", [0.0, 1.0, 50.0])
def test_it_solves_the_normal_equations(penalty):
    training, test = numbers(), numbers(seed=6).inputs
    method = fitted(Ridge, training, penalty=penalty)
    x = np.c_[training.inputs.double().numpy(), np.ones(60)]
    penalties = penalty * np.diag([1.0, 1, 1, 1, 0])
    want = np.linalg.solve(x.T @ x + penalties, x.T @ training.labels.double().numpy())
    assert [*method.head.weight[0].tolist(), method.head.bias.item()] == pytest.approx(want.tolist(), abs=1e-6)
    model = linear_model.Ridge(penalty) if penalty else linear_model.LinearRegression()
    predicted = model.fit(training.inputs.double().numpy(), training.labels.double().numpy()).predict(test.numpy())
    assert method.predict(method.encoder(test)).tolist() == pytest.approx(predicted.tolist(), abs=1e-6)


def test_a_large_penalty_leaves_the_mean():
    training = numbers()
    method = fitted(Ridge, training, penalty=1e9)
    assert method.predict(training.inputs).tolist() == pytest.approx([float(training.labels.mean())] * 60, abs=1e-5)


def test_columns_that_repeat_others_or_nothing_share_the_weight():
    rows = torch.randn(50, 1, generator=torch.Generator().manual_seed(2))
    training = Rows(torch.cat([rows, rows, torch.zeros(50, 2)], 1), 3 * rows[:, 0] + 1)
    method = fitted(Ridge, training, penalty=0.0)
    assert method.head.weight[0].tolist() == pytest.approx([1.5, 1.5, 0.0, 0.0], abs=1e-5)
    assert method.head.bias.item() == pytest.approx(1.0, abs=1e-5)
