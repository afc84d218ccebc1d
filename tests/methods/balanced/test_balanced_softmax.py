"""The softmax with class shares, from counts and exponentials; where all classes are alike it is cross-entropy."""

import dataclasses
import math

import pytest
import torch

from pipeline.methods.balanced.balanced_softmax import BalancedSoftmax
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import COUNTS, FIVE, K
from tests.kit.losses import mean_over
from tests.kit.methods import made


def slow(z, y):
    return -math.log(COUNTS[y] * math.exp(z[y]) / sum(n * math.exp(v) for n, v in zip(COUNTS, z, strict=True)))


def test_balanced_softmax(logits, labels):
    method = made(BalancedSoftmax, context=FIVE)
    assert method.objective(logits, labels).item() == pytest.approx(mean_over(slow, logits, labels))
    torch.testing.assert_close(method.objective(logits + 7, labels), method.objective(logits, labels))


def test_equal_counts_make_it_cross_entropy(logits, labels):
    method = made(BalancedSoftmax, context=dataclasses.replace(FIVE, class_counts=(8,) * K))
    torch.testing.assert_close(method.objective(logits, labels), CrossEntropy().objective(logits, labels))


def test_the_balanced_posterior_costs_least_on_data_with_these_shares():
    """One input, whose class is drawn as p(y | x) on balanced data is tilted by the shares: best are log p(y | x)."""
    method = made(BalancedSoftmax, context=FIVE).double()
    balanced = torch.tensor([0.1, 0.3, 0.2, 0.25, 0.15], dtype=torch.float64)
    seen = balanced * torch.tensor(COUNTS)
    z = balanced.log().requires_grad_()
    costs = torch.stack([method.objective(z[None], torch.tensor([k])) for k in range(K)])
    (slope,) = torch.autograd.grad((seen / seen.sum() * costs).sum(), z)
    torch.testing.assert_close(slope, torch.zeros(K, dtype=torch.float64), atol=1e-6, rtol=0)
