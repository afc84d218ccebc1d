"""Normalised and reverse cross-entropy by loops over the label's distribution; symmetric; `nce_mae` by its floor."""

import math

import pytest
import torch

from pipeline.methods.robust.nce_mae import NCEMAE
from pipeline.methods.robust.nce_rce import NCERCE
from tests.kit.classifiers import K
from tests.kit.losses import mean_over, normalised_cross_entropy, softmax, sums_over_labels


@pytest.mark.parametrize("alpha, beta, floor", [(1.0, 1.0, 1e-4), (10.0, 0.1, 1e-2)])
def test_nce_rce(alpha, beta, floor, logits, labels):
    def slow(z, y):
        reverse = -sum(p * math.log(1 if k == y else floor) for k, p in enumerate(softmax(z)))
        return alpha * normalised_cross_entropy(z, y) + beta * reverse

    got = NCERCE(alpha=alpha, beta=beta, floor=floor).objective(logits, labels).item()
    assert got == pytest.approx(mean_over(slow, logits, labels))


def test_it_is_nce_mae_with_another_weight(logits, labels):
    same = NCERCE(beta=0.5).objective(logits, labels)
    torch.testing.assert_close(NCEMAE(beta=-0.5 * math.log(1e-4)).objective(logits, labels), same)


def test_it_is_symmetric(logits):
    want = 1 - math.log(1e-4) * (K - 1)
    assert sums_over_labels(NCERCE(), logits) == pytest.approx([want] * len(logits))
