"""Shortened logits by loops; the bounds on the loss that they give; short logits and decisions stay as they are."""

import math

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.robust.logit_clip import LogitClip
from tests.kit.classifiers import B, K
from tests.kit.losses import cross_entropy, mean_over


@pytest.mark.parametrize("tau, norm", [(0.6667, 2), (6.0, 3), (5.0, 2)])
def test_logit_clip(tau, norm, logits, labels):
    def slow(z, y):
        length = sum(abs(v) ** norm for v in z) ** (1 / norm)
        return cross_entropy([tau * v / length for v in z] if length >= tau else z, y)

    got = LogitClip(tau=tau, norm=float(norm)).objective(logits, labels).item()
    assert got == pytest.approx(mean_over(slow, logits, labels))


def test_a_large_tau_is_cross_entropy(logits, labels):
    want = CrossEntropy().objective(logits, labels)
    torch.testing.assert_close(LogitClip(tau=1e3).objective(logits, labels), want)


def test_clipping_bounds_the_loss_keeps_short_logits_and_the_decision(logits):
    method = LogitClip(tau=2.0)
    clipped = method.clip(100 * logits)
    torch.testing.assert_close(clipped.norm(dim=1), torch.full((B,), 2.0, dtype=torch.float64))
    assert clipped.argmax(1).equal(logits.argmax(1))
    short = logits / logits.norm(dim=1, keepdim=True)
    torch.testing.assert_close(method.clip(short), short)
    low, high = (math.log(1 + (K - 1) * math.exp(sign * 4)) for sign in (-1, 1))
    for scale in (1.0, 1e3):
        for y in range(K):
            assert low < method.objective(scale * logits, torch.full((B,), y)).item() < high
