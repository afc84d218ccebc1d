"""One tree on six points by hand; scikit-learn's own predictions; how many trees are used."""

import math

import pytest
import torch
from sklearn import ensemble

from pipeline.methods.boosting.gradient_boosting import GradientBoosting
from pipeline.methods.boosting.gradient_boosting_classifier import GradientBoostingClassifier
from tests.kit.tables import Rows, classes, fitted, numbers

ALL = {"held_out": 0.0, "subsample": 1.0, "of_columns": 1.0}


def test_one_step_by_hand():
    """Of 0, 1, 2 | 10, 11, 12 the mean is 6; the best cut leaves residuals -5 and 5 on average, of which a tenth."""
    rows = torch.tensor([[float(x)] for x in range(6)]) * torch.tensor([1.0, 0.0, 0.0, 0.0])
    method = fitted(GradientBoosting, Rows(rows, torch.tensor([0.0, 1, 2, 10, 11, 12])), rounds=1, depth=1, **ALL)
    assert method.predict(rows).tolist() == pytest.approx([5.5] * 3 + [6.5] * 3)


def test_one_step_of_two_classes_by_hand():
    """F_0 = log(2 / 1); a leaf of n rows with k of class 1 takes (k - n p) / (n p (1 - p)), of which a tenth."""
    rows = torch.tensor([[float(x)] for x in range(6)]) * torch.tensor([1.0, 0.0, 0.0, 0.0])
    training = Rows(rows, torch.tensor([0, 0, 1, 1, 1, 1]))
    method = fitted(GradientBoostingClassifier, training, number=2, rounds=1, depth=1, **ALL)
    p = 2 / 3
    low, high = (math.log(2) + 0.1 * (k - n * p) / (n * p * (1 - p)) for k, n in ((0, 2), (4, 4)))
    logits = method.logits(rows)
    assert (logits[:, 1] - logits[:, 0]).tolist() == pytest.approx([low] * 2 + [high] * 4)


SETTINGS = {"rounds": 7, "depth": 3, "rate": 0.3, "subsample": 0.6, "of_columns": 0.5, "held_out": 0.0}


def theirs(make, training, method):
    model = make(
        n_estimators=7, max_depth=3, learning_rate=0.3, subsample=0.6, max_features=0.5, random_state=method.seed
    )
    return model.fit(training.inputs.numpy(), training.labels.double().numpy())


def test_numbers_as_scikit_learn_predicts_them():
    training, test = numbers(), numbers(seed=5).inputs
    method = fitted(GradientBoosting, training, **SETTINGS)
    want = theirs(ensemble.GradientBoostingRegressor, training, method).predict(test.numpy())
    assert method.predict(test).tolist() == pytest.approx(want.tolist(), abs=1e-6)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_classes_as_scikit_learn_predicts_them(number):
    training, test = classes(number), classes(number, seed=5).inputs
    method = fitted(GradientBoostingClassifier, training, number=number, **SETTINGS)
    want = torch.from_numpy(theirs(ensemble.GradientBoostingClassifier, training, method).predict_proba(test.numpy()))
    torch.testing.assert_close(method.logits(test).softmax(1).double(), want, rtol=0, atol=1e-6)
