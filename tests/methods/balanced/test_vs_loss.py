"""Scaled and shifted logits as the authors write them, by loops; without either they are other losses."""

import math

import pytest
import torch

from pipeline.methods.balanced.balanced_softmax import BalancedSoftmax
from pipeline.methods.balanced.vs_loss import VSLoss
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import COUNTS, FIVE
from tests.kit.losses import cross_entropy, mean_over
from tests.kit.methods import made


def slow(gamma, tau):
    delta = [(1 / n) ** gamma / (1 / max(COUNTS)) ** gamma for n in COUNTS]
    shift = [tau * math.log(n / sum(COUNTS)) for n in COUNTS]
    return lambda z, y: cross_entropy([v / d + i for v, d, i in zip(z, delta, shift, strict=True)], y)


@pytest.mark.parametrize("gamma, tau", [(0.3, 1.0), (0.2, 1.2), (1.0, 0.0)])
def test_vs_loss_as_the_authors_write_it(gamma, tau, logits, labels):
    method = made(VSLoss, context=FIVE, gamma=gamma, tau=tau)
    want = mean_over(slow(gamma, tau), logits, labels)
    assert method.objective(logits, labels).item() == pytest.approx(want, rel=1e-6)


def test_without_scales_it_is_the_adjusted_loss_and_without_shifts_cross_entropy(logits, labels):
    adjusted = made(VSLoss, context=FIVE, gamma=0.0, tau=1.0)
    want = made(BalancedSoftmax, context=FIVE).objective(logits, labels)
    torch.testing.assert_close(adjusted.objective(logits, labels), want)
    plain = made(VSLoss, context=FIVE, gamma=0.0, tau=0.0)
    torch.testing.assert_close(plain.objective(logits, labels), CrossEntropy().objective(logits, labels))
