"""The regulariser by loops over anchors; nothing to push where predictions agree with targets; whom it reaches."""

import dataclasses
import math

import pytest
import torch

from pipeline.methods.regression.con_r import ConR
from pipeline.methods.regression.l1 import L1
from tests.kit.methods import FEATURES, SIZE, batch, dot, made, unit


@pytest.fixture
def data():
    return dataclasses.replace(batch(), labels=torch.linspace(-1, 1, SIZE))


@pytest.fixture
def embedded():
    """Features, predictions and targets of 9 images in two views."""
    torch.manual_seed(3)
    return torch.randn(18, 5), torch.rand(18) * 2 - 1, (torch.rand(9) * 2 - 1).repeat(2)


def loop_con_r(features, predictions, targets, window, push, tau):
    v = [unit(row) for row in features.double().tolist()]
    p, y = predictions.tolist(), targets.tolist()
    total = 0.0
    for i, anchor in enumerate(v):
        others = [j for j in range(len(v)) if j != i]
        positives = [j for j in others if abs(y[i] - y[j]) <= window]
        negatives = [j for j in others if abs(y[i] - y[j]) > window and abs(p[i] - p[j]) <= window]
        if not negatives:
            continue
        below = sum(math.exp(dot(anchor, v[j]) / tau) for j in positives)
        below += sum(math.exp(push * abs(y[i] - y[j])) * math.exp(dot(anchor, v[j]) / tau) for j in negatives)
        total -= sum(math.log(math.exp(dot(anchor, v[j]) / tau) / below) for j in positives) / len(positives)
    return total / len(v)


@pytest.mark.parametrize("window, push, temperature", [(0.02, 0.5, 0.2), (0.3, 0.0, 0.07), (0.5, 2.0, 1.0)])
def test_con_r(window, push, temperature, embedded):
    method = ConR(window=window, push=push, temperature=temperature)
    want = loop_con_r(*embedded, window, push, temperature)
    assert method.contrast(*embedded).item() == pytest.approx(want, rel=1e-4, abs=1e-7)


def test_predictions_that_agree_with_the_targets_cost_nothing(embedded):
    features, _, targets = embedded
    assert ConR(window=0.3).contrast(features, targets, targets).item() == 0.0


def test_wrong_predictions_of_far_targets_push_harder(embedded):
    features, _, targets = embedded
    same = torch.zeros(18)
    losses = [ConR(window=0.1, push=push).contrast(features, same, targets).item() for push in (0.0, 0.5, 2.0)]
    assert losses[0] < losses[1] < losses[2]


def test_the_loss_is_l1_of_the_first_view_and_the_regulariser_of_both(data):
    method = made(ConR, beta=0.7, window=0.4)
    features = method.encoder(torch.cat(data.views))
    predictions = method.predict(features)
    fit = L1().objective(predictions[:SIZE], data.labels)
    want = fit + 0.7 * method.contrast(features, predictions, data.labels.repeat(2))
    torch.testing.assert_close(method.loss(data), want)
    torch.testing.assert_close(made(ConR, beta=0.0).loss(data), fit)


def test_the_regulariser_reaches_features_but_not_through_predictions(embedded, data):
    features, predictions, targets = (part.clone() for part in embedded)
    method = ConR(window=0.4)
    features.requires_grad_()
    method.contrast(features, predictions, targets).backward()
    assert features.grad.isfinite().all() and features.grad.any()
    full, plain = made(ConR, window=0.4), made(ConR, beta=0.0)
    for m in (full, plain):
        m.loss(data).backward()
    torch.testing.assert_close(full.head.weight.grad, plain.head.weight.grad)
    assert not torch.allclose(full.encoder.convolution.weight.grad, plain.encoder.convolution.weight.grad)


def test_features_of_zero_have_finite_gradients():
    features = torch.zeros(4, FEATURES, requires_grad=True)
    loss = ConR(window=0.1).contrast(features, torch.zeros(4), torch.tensor([0.5, -0.5, 0.5, -0.5]))
    loss.backward()
    assert loss.isfinite() and features.grad.isfinite().all()
