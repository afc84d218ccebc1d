"""Sparsemax as a projection found by bisection, its Jacobian, the loss by loops, and Huber's loss of two classes."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.classifier.sparsemax_loss import SparsemaxLoss, threshold
from tests.kit.classifiers import B, K
from tests.kit.losses import gradient, mean_over


def projection(z):
    """The nearest point of the simplex, its threshold found by bisection."""
    low, high = min(z) - 1, max(z)
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if sum(max(v - middle, 0) for v in z) > 1 else (low, middle)
    return [max(v - low, 0.0) for v in z], low


def sparsemax(z):
    tau, support = threshold(z)
    return (z - tau).clamp_min(0) * support


def slow(z, y):
    _, tau = projection(z)
    return -z[y] + 0.5 * sum(v * v - tau * tau for v in z if v > tau) + 0.5


def test_sparsemax_is_the_projection_onto_the_simplex(logits):
    for z in (logits, 0.1 * logits, logits.round(), torch.zeros(2, K, dtype=torch.float64)):
        got = sparsemax(z)
        torch.testing.assert_close(got, torch.tensor([projection(row)[0] for row in z.tolist()], dtype=torch.float64))
        torch.testing.assert_close(got.sum(1), torch.ones(len(z), dtype=torch.float64))


def test_sparsemax_jacobian(logits):
    for z in 0.3 * logits:
        s = (sparsemax(z[None])[0] > 0).double()
        got = torch.autograd.functional.jacobian(lambda v: sparsemax(v[None])[0], z)
        torch.testing.assert_close(got, s.diag() - torch.outer(s, s) / s.sum())


@pytest.mark.parametrize("scale", [0.1, 0.5, 3.0])
def test_the_loss_and_its_gradient(scale, logits, labels):
    z, method = scale * logits, SparsemaxLoss()
    assert method.objective(z, labels).item() == pytest.approx(mean_over(slow, z, labels))
    want = (sparsemax(z) - nn.functional.one_hot(labels, K)) / B
    torch.testing.assert_close(gradient(lambda v: method.objective(v, labels), z), want)
    torch.testing.assert_close(method.objective(z + 7, labels), method.objective(z, labels))


def test_of_two_classes_it_is_hubers():
    for t in torch.linspace(-3, 3, 61, dtype=torch.float64).tolist():
        got = SparsemaxLoss().objective(torch.tensor([[0.4 + t, 0.4]], dtype=torch.float64), torch.tensor([0])).item()
        assert got == pytest.approx(0 if t >= 1 else -t if t <= -1 else (t - 1) ** 2 / 4, abs=1e-12)


def test_it_is_zero_from_a_lead_of_one_on_and_not_before():
    z = torch.tensor([[1.0, 0.0, 0.0, 0.0], [3.0, 0.5, 2.0, 1.0], [0.9, 0.0, 0.0, 0.0]], dtype=torch.float64)
    losses = [SparsemaxLoss().objective(row[None], torch.tensor([0])).item() for row in z]
    assert losses[:2] == pytest.approx([0, 0]) and losses[2] > 1e-4


def test_of_nan_it_is_nan():
    assert SparsemaxLoss().objective(torch.full((2, 3), math.nan), torch.tensor([0, 1])).isnan()
