"""Averaged images and labels pixel by pixel, in loops; the weighted sum of two losses; cross-entropy for alpha 0."""

import pytest
import torch
from torch.nn.functional import cross_entropy

from pipeline.methods.mixing import mixup
from pipeline.methods.mixing.mixup import Mixup
from tests.kit.classifiers import ORDER, doubled, fixed
from tests.kit.losses import soft_cross_entropy
from tests.kit.methods import CONTEXT, SIZE, batch, classifier, made

K = CONTEXT.num_classes


@pytest.mark.parametrize("share", [0.3, 0.85])
def test_mixup_against_loops(share, monkeypatch):
    fixed(monkeypatch, mixup, share)
    method, data = made(Mixup).double(), doubled(batch(("full",)))
    x, mixed, targets = data.views[0], torch.empty_like(data.views[0]), torch.zeros(SIZE, K)
    for i, j in enumerate(ORDER):
        mixed[i] = share * x[i] + (1 - share) * x[j]
        targets[i, data.labels[i]] += share
        targets[i, data.labels[j]] += 1 - share
    want = soft_cross_entropy(method.logits(method.encoder(mixed)), targets)
    assert method.loss(data).item() == pytest.approx(want, rel=1e-6)


def test_it_is_the_weighted_sum_of_both_labels_losses(monkeypatch):
    """As the authors' code writes it."""
    fixed(monkeypatch, mixup, 0.3)
    method, data = made(Mixup), batch(("full",))
    z = method.logits(method.encoder(method.mix(data.views[0], torch.zeros(SIZE, K))[0]))
    want = 0.3 * cross_entropy(z, data.labels) + 0.7 * cross_entropy(z, data.labels[ORDER])
    torch.testing.assert_close(method.loss(data), want)


def test_alpha_zero_is_cross_entropy():
    data = batch(("full",))
    torch.testing.assert_close(made(Mixup, alpha=0.0).loss(data), classifier().loss(data))
