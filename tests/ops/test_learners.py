"""Learners against scikit-learn and torch's own layers and Adam."""

import pytest
import torch
from torch import nn

from pipeline.ops.learners import HIDDEN, fit_logistic, fit_network

RULE = {"steps": 30, "learning_rate": 0.01, "weight_decay": 0.01, "dropout": 0.0}


def data(count, columns, classes=3, seed=0):
    make = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % classes
    rows = torch.randn(count, columns, generator=make) + 2 * torch.eye(classes, columns)[labels]
    return rows, labels


def draws(seed=1):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(("count", "columns"), [(40, 5), (12, 30)])
def test_logistic_regression_is_scikit_learns(count, columns):
    from sklearn.linear_model import LogisticRegression

    rows, labels = data(count, columns)
    found = fit_logistic(rows, labels, 3, 0.01)
    other = LogisticRegression(C=1 / (0.01 * count), tol=1e-10, max_iter=10_000).fit(rows.double(), labels)
    torch.testing.assert_close(
        found.probabilities(rows), torch.from_numpy(other.predict_proba(rows.double())), atol=1e-5, rtol=0
    )
    assert torch.equal(found.features(rows), rows)
    assert torch.equal(found.sampled(rows, 4, draws()), found.probabilities(rows).expand(4, -1, -1))


def test_fewer_rows_than_columns_give_weights_in_their_span():
    rows, labels = data(12, 30)
    weights = fit_logistic(rows, labels, 3, 0.01).weights[:-1]
    basis = torch.linalg.qr(rows.double().T).Q
    torch.testing.assert_close(basis @ (basis.T @ weights), weights)


def test_the_network_is_what_torchs_adam_makes_of_torchs_layers():
    rows, labels = data(20, 4)
    begun = fit_network(rows, labels, 3, draws(), **RULE | {"steps": 1, "learning_rate": 1e-30, "weight_decay": 0.0})
    layers = nn.Sequential(nn.Linear(4, HIDDEN[0]), nn.ReLU(), nn.Linear(*HIDDEN), nn.ReLU(), nn.Linear(HIDDEN[1], 3))
    with torch.no_grad():
        for layer, (weight, bias) in zip(layers[::2], begun.layers, strict=True):
            assert weight.abs().max() <= layer.in_features**-0.5 and bias.abs().max() <= layer.in_features**-0.5
            layer.weight.copy_(weight)
            layer.bias.copy_(bias)
    optimizer = torch.optim.Adam(layers.parameters(), lr=RULE["learning_rate"], weight_decay=RULE["weight_decay"])
    for _ in range(RULE["steps"]):
        optimizer.zero_grad()
        nn.functional.cross_entropy(layers(rows), labels).backward()
        optimizer.step()
    found = fit_network(rows, labels, 3, draws(), **RULE)
    torch.testing.assert_close(found.logits(rows), layers(rows).detach(), atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(found.features(rows), layers[:4](rows).detach(), atol=1e-4, rtol=1e-4)
    assert not found.logits(rows).requires_grad


def test_it_is_fitted_without_gradients_too_and_learns():
    rows, labels = data(60, 6)
    with torch.no_grad():
        found = fit_network(rows, labels, 3, draws(), **RULE | {"dropout": 0.3})
    assert (found.logits(rows).argmax(1) == labels).double().mean() > 0.9


def test_dropout_is_of_samples_alone_and_keeps_their_mean():
    rows, labels = data(30, 6)
    found = fit_network(rows, labels, 3, draws(), **RULE | {"dropout": 0.4})
    assert torch.equal(found.probabilities(rows), found.probabilities(rows))
    first, second = found.sampled(rows, 2, draws())
    assert not torch.equal(first, second)
    hidden = torch.stack([found.features(rows[:1], draws(seed)) for seed in range(4000)]).mean(0)
    exact = found.features(rows[:1])
    assert (hidden - exact).norm() < 0.5 * exact.norm()
    without = fit_network(rows, labels, 3, draws(), **RULE)
    assert torch.equal(without.sampled(rows, 1, draws())[0], without.probabilities(rows))
