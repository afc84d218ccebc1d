"""Residuals and steps of classes by differences of the loss; what the sum begins with; a round of two classes."""

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPRegressor

from pipeline.methods.boosting.gbnn_classifier import GBNNClassifier
from tests.kit.tables import classes, fitted, network


def loss(total, labels):
    """Of F (N, C), C = 1 for two classes, summed over rows."""
    if total.shape[1] == 1:
        y = 2.0 * labels.double()[:, None] - 1
        return torch.log1p(torch.exp(-2 * y * total)).sum()
    return torch.nn.functional.cross_entropy(total, labels, reduction="sum")


@pytest.mark.parametrize("number", [2, 4])
def test_residuals_and_step_of_classes(number):
    """r is minus the slope of the loss; the step is minus first over second derivative along f."""
    training = classes(number)
    method = fitted(GBNNClassifier, training, number, rounds=1, held_out=0.0)
    draws, width = torch.Generator().manual_seed(5), 1e-4
    shape = (60, 1 if number == 2 else number)
    total, along = (torch.randn(shape, generator=draws, dtype=torch.float64) for _ in range(2))
    residuals = method.residuals(total, training.labels)
    differentiable = total.clone().requires_grad_()
    (slope,) = torch.autograd.grad(loss(differentiable, training.labels), differentiable)
    torch.testing.assert_close(residuals, -slope)
    at = [float(loss(total + step * along, training.labels)) for step in (-width, 0.0, width)]
    first = (at[2] - at[0]) / (2 * width)
    if number == 2:
        second = (at[2] - 2 * at[1] + at[0]) / width**2
    else:  # the authors' leaves out what two classes of a row have in common
        p = total.softmax(1)
        second = float((along**2 * p * (1 - p)).sum())
    assert method.newton(total, residuals, along, training.labels) == pytest.approx(-first / second, rel=1e-4)


@pytest.mark.parametrize("number", [2, 3])
def test_classes_begin_with_their_shares_or_alike(number):
    training = classes(number)
    method = fitted(GBNNClassifier, training, number, rounds=1, held_out=0.0)
    shares = training.labels.bincount().double() / 60
    want = shares if number == 2 else torch.full((3,), 1 / 3, dtype=torch.float64)
    torch.testing.assert_close(method.base.softmax(0), want)


@pytest.mark.parametrize("number", [2, 3])
def test_a_round_by_hand(number):
    """Of two classes the logits are -F and F; a network of one output fits r, one of K outputs all of them at once."""
    training = classes(number)
    method = fitted(GBNNClassifier, training, number, rounds=1, iterations=30, rate=0.5, subsample=0.5, held_out=0.0)
    rows, labels = training.inputs.double().numpy(), training.labels.numpy()
    draws = np.random.RandomState(method.seed)
    part = draws.choice(60, 30, replace=False)
    if number == 2:
        y = 2.0 * labels - 1
        start = np.full(60, np.log((1 + y.mean()) / (1 - y.mean())) / 2)
        r = 2 * y / (1 + np.exp(2 * y * start))
        f = network(MLPRegressor, rows[part], r[part], draws, 1, 30).predict(rows)
        total = start + 0.5 * (r * f).sum() / (r * f**2 * (2 * y - r)).sum() * f
        want = np.stack([-total, total], 1)
    else:
        r = np.eye(3)[labels] - 1 / 3
        f = network(MLPRegressor, rows[part], r[part], draws, 1, 30).predict(rows)
        want = 0.5 * (r * f).sum() / (f**2 * (2 / 9)).sum() * f
    torch.testing.assert_close(method.logits(training.inputs).double(), torch.from_numpy(want), rtol=1e-5, atol=1e-5)
