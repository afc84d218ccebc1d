"""Counts and weights of classes in closed form; what holds of every loss that knows how frequent classes are."""

import dataclasses
import math

import pytest
import torch

from pipeline.methods.balanced import effective_weights
from pipeline.methods.balanced.balanced_softmax import BalancedSoftmax
from tests.kit.classifiers import COUNTS, FIVE, K, check_kept_state, check_order, check_reach, five_classes, member
from tests.kit.methods import members, step

FAMILY = members("balanced")


def of(cls, counts=COUNTS, **settings):
    return member(cls, dataclasses.replace(FIVE, class_counts=counts), **settings)


def test_counts_are_at_least_one_and_shares_add_up():
    method = of(BalancedSoftmax, (400, 90, 30, 7, 0))
    assert method.counts.tolist() == [400, 90, 30, 7, 1]
    assert method.log_prior.tolist() == pytest.approx([math.log(n / 528) for n in (400, 90, 30, 7, 1)])


@pytest.mark.parametrize("beta", [0.0, 0.9, 0.999])
def test_effective_numbers_are_sums_of_a_geometric_series(beta):
    """E_n = 1 + beta + ... + beta^(n - 1)."""
    inverse = [1 / sum(beta**i for i in range(n)) for n in COUNTS]
    assert effective_weights(COUNTS, beta).tolist() == pytest.approx([K * w / sum(inverse) for w in inverse], rel=1e-5)


def test_a_class_without_examples_weighs_as_one_with_a_single_one():
    assert effective_weights((40, 0), 0.9).equal(effective_weights((40, 1), 0.9))


def test_weights_of_the_largest_beta_are_inverse_frequencies():
    inverse = K / torch.tensor(COUNTS) / sum(1 / n for n in COUNTS)
    torch.testing.assert_close(effective_weights(COUNTS, 0.999999), inverse, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("cls", FAMILY)
@pytest.mark.parametrize("progress", [0.0, 0.9])
def test_a_new_order_of_classes_and_their_counts_changes_nothing(cls, progress, logits, labels):
    method, other = of(cls), of(cls, tuple(COUNTS[k] for k in (3, 1, 4, 0, 2)))
    method.progress = other.progress = progress
    check_order(method.objective, other.objective, logits, labels)


@pytest.mark.parametrize("cls", FAMILY)
def test_gradients(cls, logits, labels):
    method = of(cls)
    method.progress = 0.9
    assert torch.autograd.gradcheck(lambda z: method.objective(z, labels), logits.requires_grad_())


@pytest.mark.parametrize("cls", FAMILY)
def test_the_loss_is_the_objective_of_the_first_view_and_reaches_encoder_and_head(cls):
    method, data = of(cls), five_classes()
    torch.testing.assert_close(
        method.loss(data), method.objective(method.logits(method.encoder(data.views[0])), data.labels)
    )
    check_reach(method, data)


@pytest.mark.parametrize("cls", FAMILY)
def test_a_class_without_examples_does_no_harm(cls):
    method, data = of(cls, (400, 90, 30, 7, 0)), five_classes(4)
    method.progress = 0.9
    check_reach(method, data)
    assert method.loss(data).isfinite() and method.logits(method.encoder(data.views[0])).isfinite().all()


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_what_is_kept_and_no_counts_of_its_own(cls):
    method, data = of(cls), five_classes()
    for _ in range(2):
        step(method, data)
    check_kept_state(method, of(cls, (8,) * K, seed=9), data.views[0])
