"""Shares by the moments of a beta distribution, partners; what holds of every mixing: one-hot targets, who learns."""

import pytest
import torch

from pipeline.methods import mixing
from tests.kit.classifiers import check_kept_state, check_reach, member
from tests.kit.methods import CONTEXT, SIZE, batch, made, members, step

FAMILY = members("mixing")


@pytest.mark.parametrize("alpha", [0.2, 1.0, 4.0])
def test_shares_have_the_moments_of_a_beta_distribution(alpha):
    torch.manual_seed(0)
    draws = torch.tensor([mixing.share(alpha) for _ in range(1500)], dtype=torch.float64)
    assert draws.min() >= 0 and draws.max() <= 1
    assert draws.mean().item() == pytest.approx(0.5, abs=0.04)
    assert draws.var().item() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.12)


def test_without_alpha_the_share_is_the_whole():
    assert mixing.share(0.0) == 1.0


def test_partners_are_a_new_random_order_each_time():
    torch.manual_seed(0)
    first, second = (mixing.partners(torch.zeros(SIZE, 1)) for _ in range(2))
    assert sorted(first.tolist()) == list(range(SIZE)) and not torch.equal(first, second)


@pytest.mark.parametrize("cls", FAMILY)
def test_mixed_targets_are_distributions_and_the_batch_is_left_alone(cls):
    method, data = made(cls), batch(("full",))
    before, targets = data.views[0].clone(), method.targets(data)
    assert targets.argmax(1).equal(data.labels) and targets.sum(1).equal(torch.ones(SIZE))
    for seed in range(5):
        torch.manual_seed(seed)
        mixed, shared = method.mix(data.views[0], targets)
        assert len(mixed) == len(shared) and shared.shape[1] == CONTEXT.num_classes and (shared >= 0).all()
        torch.testing.assert_close(shared.sum(1), torch.ones(len(shared)))
    assert torch.equal(data.views[0], before)


@pytest.mark.parametrize("cls", FAMILY)
def test_gradients_reach_every_parameter(cls):
    torch.manual_seed(1)
    check_reach(made(cls), batch(("full",)))


@pytest.mark.parametrize("cls", FAMILY)
def test_evaluation_needs_what_is_kept_and_mixes_nothing(cls):
    method, data = member(cls), batch(("full",))
    for _ in range(2):
        step(method, data)
    check_kept_state(method, member(cls, seed=9), data.views[0])
