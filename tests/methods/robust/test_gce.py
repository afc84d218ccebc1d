"""The power loss by loops; cross-entropy and half the absolute error as its ends, and how much less it pulls."""

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.robust.gce import GCE
from pipeline.methods.robust.mae import MAE
from tests.kit.losses import gradient, mean_over, softmax


@pytest.mark.parametrize("q", [0.7, 0.2])
def test_gce(q, logits, labels):
    want = mean_over(lambda z, y: (1 - softmax(z)[y] ** q) / q, logits, labels)
    assert GCE(q=q).objective(logits, labels).item() == pytest.approx(want)


def test_its_ends(logits, labels):
    want = CrossEntropy().objective(logits, labels)
    torch.testing.assert_close(GCE(q=1e-8).objective(logits, labels), want, rtol=1e-6, atol=0)
    torch.testing.assert_close(GCE(q=1.0).objective(logits, labels), MAE().objective(logits, labels) / 2)


def test_it_pulls_less_the_less_likely_the_label(logits, labels):
    p = logits.softmax(1).gather(1, labels[:, None])
    slope = gradient(lambda z: CrossEntropy().objective(z, labels), logits)
    torch.testing.assert_close(gradient(lambda z: GCE().objective(z, labels), logits), p**0.7 * slope)
