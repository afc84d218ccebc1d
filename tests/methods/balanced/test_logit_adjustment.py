"""Predictions without the shares by loops; what it shares with the balanced softmax, and the bias that parts them."""

import math

import pytest
import torch

from pipeline.methods.balanced.balanced_softmax import BalancedSoftmax
from pipeline.methods.balanced.logit_adjustment import LogitAdjustment
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.classifiers import COUNTS, FIVE, embedded, five_classes
from tests.kit.methods import made


@pytest.fixture
def data():
    return five_classes()


@pytest.mark.parametrize("tau", [0.5, 1.0, 2.0])
def test_it_trains_by_cross_entropy_and_predicts_without_the_shares(tau, data):
    method, features = made(LogitAdjustment, context=FIVE, tau=tau), embedded()
    for row, got in zip(method.head(features).tolist(), method.logits(features).tolist(), strict=True):
        want = [v - tau * math.log(n / sum(COUNTS)) for v, n in zip(row, COUNTS, strict=True)]
        assert got == pytest.approx(want, rel=1e-4, abs=1e-5)
    want = CrossEntropy().objective(method.head(method.encoder(data.views[0])), data.labels)
    torch.testing.assert_close(method.loss(data), want)


def test_the_adjusted_loss_at_tau_one_is_the_balanced_softmax(logits, labels):
    want = made(BalancedSoftmax, context=FIVE).objective(logits, labels)
    method = made(LogitAdjustment, context=FIVE)
    torch.testing.assert_close(method.objective(logits, labels), want)
    torch.testing.assert_close(method.objective(logits + 7, labels), want)
    assert not torch.allclose(made(LogitAdjustment, context=FIVE, tau=2.0).objective(logits, labels), want)


def test_it_is_the_balanced_softmax_from_another_bias(data):
    """The two rows differ by the start of the head's bias: once it is the same, so are losses and gradients."""
    post_hoc, in_loss = made(LogitAdjustment, context=FIVE), made(BalancedSoftmax, context=FIVE)
    in_loss.load_state_dict(post_hoc.state_dict())
    assert not torch.allclose(post_hoc.loss(data), in_loss.loss(data))
    with torch.no_grad():
        in_loss.head.bias -= torch.tensor([math.log(n / sum(COUNTS)) for n in COUNTS])
    torch.testing.assert_close(in_loss.logits(embedded()), post_hoc.logits(embedded()))
    losses = [method.backward(data) for method in (post_hoc, in_loss)]
    torch.testing.assert_close(*losses)
    for a, b in zip(post_hoc.parameters(), in_loss.parameters(), strict=True):
        torch.testing.assert_close(a.grad, b.grad, atol=1e-6, rtol=1e-4)
