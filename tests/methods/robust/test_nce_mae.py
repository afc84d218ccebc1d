"""Normalised cross-entropy and half the absolute error by loops; together they are symmetric; its two parts alone."""

import pytest
import torch

from pipeline.methods.robust.mae import MAE
from pipeline.methods.robust.nce_mae import NCEMAE
from tests.kit.classifiers import K
from tests.kit.losses import mean_over, normalised_cross_entropy, softmax, sums_over_labels


@pytest.mark.parametrize("alpha, beta", [(1.0, 1.0), (0.3, 2.0)])
def test_nce_mae(alpha, beta, logits, labels):
    def slow(z, y):
        return alpha * normalised_cross_entropy(z, y) + beta * (1 - softmax(z)[y])

    got = NCEMAE(alpha=alpha, beta=beta).objective(logits, labels).item()
    assert got == pytest.approx(mean_over(slow, logits, labels))


def test_without_the_active_part_it_is_half_the_absolute_error(logits, labels):
    want = MAE().objective(logits, labels) / 2
    torch.testing.assert_close(NCEMAE(alpha=0.0).objective(logits, labels), want)


def test_it_is_symmetric(logits):
    """alpha + beta (K - 1) over all labels."""
    assert sums_over_labels(NCEMAE(alpha=0.5, beta=2.0), logits) == pytest.approx([0.5 + 2 * (K - 1)] * len(logits))
