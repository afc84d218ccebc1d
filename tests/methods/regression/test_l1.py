"""The mean absolute error by hand; among constants the median of the targets costs least."""

import dataclasses

import pytest
import torch

from pipeline.methods.regression.l1 import L1
from tests.kit.methods import batch, made


def test_l1():
    predictions, targets = torch.tensor([0.5, -0.25, 0.0]), torch.tensor([0.25, 0.5, 0.0])
    assert L1().objective(predictions, targets).item() == pytest.approx((0.25 + 0.75) / 3)


def test_the_loss_is_the_error_of_the_first_view():
    method = made(L1)
    data = dataclasses.replace(batch(), labels=torch.linspace(-1, 1, 12))
    want = (method.predict(method.encoder(data.views[0])) - data.labels).abs().mean()
    torch.testing.assert_close(method.loss(data), want)


def test_the_best_constant_is_the_median():
    targets = torch.tensor([-1.0, -0.8, 0.1, 0.2, 0.9])
    costs = {c / 100: L1().objective(torch.full((5,), c / 100), targets).item() for c in range(-100, 101)}
    assert min(costs, key=costs.get) == 0.1
