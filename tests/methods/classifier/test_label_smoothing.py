"""Smoothed targets class by class, cross-entropy without any, and the finite logits at which the loss is least."""

import math

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.label_smoothing import LabelSmoothing
from tests.kit.losses import gradient, log_softmax, mean_over


def slow(alpha):
    return lambda z, y: -sum(((1 - alpha) * (k == y) + alpha / len(z)) * v for k, v in enumerate(log_softmax(z)))


@pytest.mark.parametrize("alpha", [0.05, 0.1, 1.0])
def test_label_smoothing(alpha, logits, labels):
    method = LabelSmoothing(alpha=alpha)
    assert method.objective(logits, labels).item() == pytest.approx(mean_over(slow(alpha), logits, labels))
    torch.testing.assert_close(method.objective(logits + 7, labels), method.objective(logits, labels))


def test_alpha_zero_is_cross_entropy(logits, labels):
    want = CrossEntropy().objective(logits, labels)
    torch.testing.assert_close(LabelSmoothing(alpha=0.0).objective(logits, labels), want)


def test_the_best_lead_of_the_true_class_is_finite():
    """log of its target over another's: log(K (1 - alpha) / alpha + 1)."""
    z = torch.zeros(1, 5, dtype=torch.float64)
    z[0, 2] = math.log(5 * 0.9 / 0.1 + 1)
    slope = gradient(lambda v: LabelSmoothing(alpha=0.1).objective(v, torch.tensor([2])), z)
    torch.testing.assert_close(slope, torch.zeros_like(z))
