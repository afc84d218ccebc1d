"""Boosted activation maps place by place; the largest losses of unseen labels by sorting; else `assume_negative`."""

import dataclasses
import math

import pytest
import torch
from torch.nn.functional import one_hot

from pipeline.methods.multi_label.assume_negative import AssumeNegative
from pipeline.methods.multi_label.boost_lu import BoostLU
from tests.kit.classifiers import B, K
from tests.kit.losses import binary_losses, gradient
from tests.kit.methods import CONTEXT, batch, made


@pytest.fixture
def seen(labels):
    return one_hot(labels, K).double()


def rejecting(rejected, progress):
    method = BoostLU(rejected=rejected)
    method.progress = progress
    return method


@pytest.mark.parametrize("rejected, progress", [(0.2, 0.5), (0.2, 0.99), (1.0, 0.3)])
def test_the_largest_losses_of_unseen_labels_are_rejected(rejected, progress, logits, seen):
    losses = binary_losses(logits, seen)
    count = math.ceil(B * K * rejected * progress)
    out = sorted((value for value, known in losses if not known), reverse=True)[:count]
    want = (sum(value for value, _ in losses) - sum(out)) / (B * K)
    assert rejecting(rejected, progress).objective(logits, seen).item() == pytest.approx(want)


def test_rejection_of_everything_leaves_what_was_seen(logits, seen):
    want = sum(value for value, known in binary_losses(logits, seen) if known) / (B * K)
    assert rejecting(1.0, 0.999).objective(logits, seen).item() == pytest.approx(want)


def test_rejected_labels_have_no_gradient_and_the_others_theirs(logits, seen):
    slope = gradient(lambda z: rejecting(0.2, 0.5).objective(z, seen), logits)
    gone = slope == 0
    assert gone.sum() == math.ceil(B * K * 0.1) and not (gone & (seen > 0)).any()
    torch.testing.assert_close(slope[~gone], ((logits.sigmoid() - seen) / (B * K))[~gone])


@pytest.mark.parametrize("alpha", [1.0, 5.0])
def test_positive_places_are_boosted_before_pooling(alpha):
    method = made(BoostLU, alpha=alpha).eval()
    images = batch().views[0]
    maps = method.encoder.layers(images)[-1].double().tolist()
    weight, bias = method.head.weight.double().tolist(), method.head.bias.double().tolist()
    for b, k in ((0, 0), (3, 1), (5, 2)):
        total, places = 0.0, 0
        for y in range(len(maps[b][0])):
            for x in range(len(maps[b][0][0])):
                value = bias[k] + sum(w * channel[y][x] for w, channel in zip(weight[k], maps[b], strict=True))
                total += alpha * value if value > 0 else value
                places += 1
        assert method.logits(images)[b, k].item() == pytest.approx(total / places, rel=1e-4)


def test_alpha_1_without_rejection_is_assume_negative():
    plain, boost = made(AssumeNegative), made(BoostLU, alpha=1.0, rejected=0.0)
    data = batch()
    data = dataclasses.replace(data, labels=one_hot(data.labels, CONTEXT.num_classes).float())
    boost.progress = 0.9
    torch.testing.assert_close(boost.logits(data.views[0]), plain.logits(data.views[0]))
    torch.testing.assert_close(boost.loss(data), plain.loss(data))
    assert not torch.allclose(made(BoostLU).logits(data.views[0]), plain.logits(data.views[0]))
