"""scikit-learn's weights; at the optimum every column's residuals balance the penalty."""

import pytest
import torch
from sklearn import linear_model

from pipeline.methods.classifier.logistic_regression import LogisticRegression
from tests.kit.tables import classes, fitted


@pytest.mark.parametrize("number", [2, 4])
@pytest.mark.parametrize("penalty", [0.1, 1.0, 10.0])
def test_it_is_scikit_learns(number, penalty):
    training, test = classes(number), classes(number, seed=6).inputs
    method = fitted(LogisticRegression, training, number, penalty=penalty)
    # of two classes scikit-learn has one weight vector, which the two here halve between them
    strength = 1 / penalty if number > 2 else 2 / penalty
    model = linear_model.LogisticRegression(C=strength, tol=1e-10, max_iter=10_000)
    want = model.fit(training.inputs.double().numpy(), training.labels.numpy()).predict_proba(test.double().numpy())
    found = method.logits(method.encoder(test)).softmax(1).double()
    torch.testing.assert_close(found, torch.from_numpy(want), rtol=0, atol=1e-5)


def test_nothing_is_left_to_gain():
    training = classes(3)
    method = fitted(LogisticRegression, training, 3, penalty=2.0)
    x, weights = training.inputs.double(), method.head.weight.double()
    residuals = method.logits(training.inputs).double().softmax(1) - torch.nn.functional.one_hot(training.labels, 3)
    torch.testing.assert_close(residuals.T @ x, -2.0 * weights, rtol=0, atol=1e-4)
    torch.testing.assert_close(residuals.sum(0), torch.zeros(3, dtype=torch.float64), rtol=0, atol=1e-4)
