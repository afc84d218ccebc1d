"""Margins and late class weights by loops over cosines; without either it is the normalised softmax."""

import pytest
import torch
from torch.nn.functional import cross_entropy as plain

from pipeline.methods.balanced.ldam_drw import LDAMDRW
from tests.kit.classifiers import COUNTS, FIVE, K, embedded
from tests.kit.losses import cosines, cross_entropy
from tests.kit.methods import made


@pytest.mark.parametrize("progress, weighted", [(0.0, False), (0.79, False), (0.8, True), (0.99, True)])
def test_ldam_weighs_classes_late(progress, weighted, labels):
    method, features = made(LDAMDRW, context=FIVE), embedded()
    method.progress = progress
    margins = [0.5 * (min(COUNTS) / n) ** 0.25 for n in COUNTS]
    weights = [1 / (1 - 0.9999**n) if weighted else 1.0 for n in COUNTS]
    total = 0.0
    for z, y in zip(cosines(features, method.head.weight), labels.tolist(), strict=True):
        total += weights[y] * cross_entropy([30 * (v - margins[y] * (k == y)) for k, v in enumerate(z)], y)
    want = total / sum(weights[y] for y in labels.tolist())
    assert method.objective(method.logits(features), labels).item() == pytest.approx(want, rel=1e-4)


def test_ldam_margins_fall_with_the_fourth_root_of_the_count():
    method, features = made(LDAMDRW, context=FIVE), embedded()
    assert method.margins.argmax() == 4 and method.margins[4].item() == pytest.approx(0.5)
    assert (method.margins[0] / method.margins[4]).item() == pytest.approx((3 / 400) ** 0.25)
    want = 30 * torch.tensor(cosines(features, method.head.weight))
    torch.testing.assert_close(method.logits(features), want, atol=1e-4, rtol=1e-5)


def test_ldam_without_margins_and_weights_is_the_normalised_softmax(labels):
    method = made(LDAMDRW, context=FIVE, margin=0.0, deferred=1.0)
    method.progress = 0.999
    z = method.logits(embedded())
    torch.testing.assert_close(method.objective(z, labels), plain(z, labels))


def test_ldam_margins_do_not_see_a_shift_of_all_logits(logits, labels):
    method = made(LDAMDRW, context=FIVE)
    torch.testing.assert_close(method.objective(logits + 7, labels), method.objective(logits, labels))
    assert len(method.margins) == K
