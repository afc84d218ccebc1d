"""One tree of two classes on six points by hand; scikit-learn's own predictions."""

import math

import pytest
import torch
from sklearn import ensemble

from pipeline.methods.boosting.gradient_boosting_classifier import GradientBoostingClassifier
from tests.kit.tables import Rows, classes, fitted


def test_one_step_of_two_classes_by_hand():
    """F_0 = log(2 / 1); a leaf of n rows with k of class 1 takes (k - n p) / (n p (1 - p)), of which a tenth."""
    rows = torch.tensor([[float(x)] for x in range(6)]) * torch.tensor([1.0, 0.0, 0.0, 0.0])
    training = Rows(rows, torch.tensor([0, 0, 1, 1, 1, 1]))
    method = fitted(
        GradientBoostingClassifier, training, number=2, rounds=1, depth=1, held_out=0.0, subsample=1.0, of_columns=1.0
    )
    p = 2 / 3
    low, high = (math.log(2) + 0.1 * (k - n * p) / (n * p * (1 - p)) for k, n in ((0, 2), (4, 4)))
    logits = method.logits(rows)
    assert (logits[:, 1] - logits[:, 0]).tolist() == pytest.approx([low] * 2 + [high] * 4)


@pytest.mark.parametrize("number", [2, 3, 5])
def test_classes_as_scikit_learn_predicts_them(number):
    training, test = classes(number), classes(number, seed=5).inputs
    settings = {"rounds": 7, "depth": 3, "rate": 0.3, "subsample": 0.6, "of_columns": 0.5}
    method = fitted(GradientBoostingClassifier, training, number, **settings, held_out=0.0)
    model = ensemble.GradientBoostingClassifier(
        n_estimators=7, max_depth=3, learning_rate=0.3, subsample=0.6, max_features=0.5, random_state=method.seed
    )
    want = model.fit(training.inputs.numpy(), training.labels.numpy()).predict_proba(test.numpy())
    found = method.logits(test).softmax(1).double()
    torch.testing.assert_close(found, torch.from_numpy(want), rtol=0, atol=1e-6)
