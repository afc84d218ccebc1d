"""The closed form: against the gradient of what it minimises, and least squares as its limit."""

import torch

from pipeline.methods.zero_shot.eszsl import ESZSL
from tests.kit.zero_shot import ATTRIBUTES, SEEN, built


def ones(rows):
    return torch.cat([rows, torch.ones(len(rows), 1, dtype=rows.dtype)], 1)


def objective(weights, method):
    """Written out: squared errors of every example and class, and the three penalties of section 3.2."""
    x, s = ones(method.stored), ones(ATTRIBUTES[:SEEN].double())
    total = torch.zeros((), dtype=torch.float64)
    for i, label in enumerate(method.given.tolist()):
        for c in range(SEEN):
            total = total + (x[i] @ weights @ s[c] - (1.0 if c == label else -1.0)) ** 2
    gamma, lam = method.gamma * len(x), method.lambda_
    return (
        total
        + gamma * (weights @ s.T).square().sum()
        + lam * (x @ weights).square().sum()
        + gamma * lam * weights.square().sum()
    )


def test_nothing_is_lower():
    method = built(ESZSL, gamma=0.05, lambda_=0.7)
    weights = method.weights.clone().requires_grad_()
    (slope,) = torch.autograd.grad(objective(weights, method), weights)
    assert slope.abs().max() < 1e-8
    make = torch.Generator().manual_seed(0)
    best = objective(method.weights, method)
    for _ in range(5):
        near = method.weights + 0.01 * torch.randn(weights.shape, generator=make, dtype=torch.float64)
        assert objective(near, method) > best


def test_scores_are_bilinear_with_a_constant_on_both_sides():
    method = built(ESZSL)
    x = method.stored[:4]
    expected = [[float(ones(x)[i] @ method.weights @ ones(ATTRIBUTES.double())[c]) for c in range(8)] for i in range(4)]
    torch.testing.assert_close(method.logits(x), torch.tensor(expected, dtype=torch.float64))


def test_without_penalties_it_is_least_squares_of_both_sides():
    method = built(ESZSL, gamma=1e-9, lambda_=1e-9)
    x, s = ones(method.stored), ones(ATTRIBUTES[:SEEN].double())
    y = 2.0 * (method.given[:, None] == torch.arange(SEEN)).double() - 1
    torch.testing.assert_close(
        x @ method.weights @ s.T, x @ torch.linalg.pinv(x) @ y @ (s @ torch.linalg.pinv(s)).T, atol=1e-4, rtol=1e-4
    )
