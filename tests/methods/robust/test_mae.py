"""The distance of two distributions by loops; its sum over all labels is one constant, cross-entropy's is not."""

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.robust.gce import GCE
from pipeline.methods.robust.mae import MAE
from tests.kit.classifiers import K
from tests.kit.losses import gradient, mean_over, softmax, sums_over_labels


def slow(z, y):
    return sum(abs((k == y) - p) for k, p in enumerate(softmax(z)))


def test_mae(logits, labels):
    assert MAE().objective(logits, labels).item() == pytest.approx(mean_over(slow, logits, labels))


def test_it_is_symmetric(logits):
    """The condition under which symmetric noise does not move the minimum; cross-entropy and GCE fail it."""
    assert sums_over_labels(MAE(), logits) == pytest.approx([2 * (K - 1)] * len(logits))
    for other in (CrossEntropy(), GCE()):
        sums = sums_over_labels(other, logits)
        assert max(sums) - min(sums) > 0.1


def test_it_pulls_less_the_less_likely_the_label(logits, labels):
    p = logits.softmax(1).gather(1, labels[:, None])
    slope = gradient(lambda z: CrossEntropy().objective(z, labels), logits)
    torch.testing.assert_close(gradient(lambda z: MAE().objective(z, labels), logits), 2 * p * slope)
