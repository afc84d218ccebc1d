"""The distance of two distributions by loops; its sum over all labels is one constant, cross-entropy's is not."""

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.robust.mae import MAE
from tests.kit.classifiers import K, gradient, mean_over, softmax, sums_over_labels


def slow(z, y):
    return sum(abs((k == y) - p) for k, p in enumerate(softmax(z)))


def test_mae(logits, labels):
    assert MAE().objective(logits, labels).item() == pytest.approx(mean_over(slow, logits, labels))


def test_it_is_symmetric(logits):
    """The condition under which symmetric noise does not move the minimum; cross-entropy fails it."""
    assert sums_over_labels(MAE(), logits) == pytest.approx([2 * (K - 1)] * len(logits))
    sums = sums_over_labels(CrossEntropy(), logits)
    assert max(sums) - min(sums) > 1


def test_it_pulls_less_the_less_likely_the_label(logits, labels):
    p = logits.softmax(1).gather(1, labels[:, None])
    slope = gradient(lambda z: CrossEntropy().objective(z, labels), logits)
    torch.testing.assert_close(gradient(lambda z: MAE().objective(z, labels), logits), 2 * p * slope)
