"""A follower's geometric approach in closed form, and the rise of its momentum at three known places."""

import math

import pytest
import torch
from torch import nn

from pipeline.ops.ema import follow, follower, rising


def test_a_follower_of_a_still_network_approaches_it_geometrically():
    torch.manual_seed(0)
    source, target = nn.Linear(3, 2), nn.Linear(3, 2)
    start = target.weight.detach().clone()
    for _ in range(7):
        follow(target, source, 0.9)
    torch.testing.assert_close(target.weight, 0.9**7 * start + (1 - 0.9**7) * source.weight)


def test_a_follower_begins_as_a_copy_without_gradient_and_stays_at_momentum_1():
    source = nn.Linear(3, 2)
    copied = follower(source)
    follow(copied, nn.Linear(3, 2), 1.0)
    torch.testing.assert_close(copied.weight, source.weight)
    assert not any(parameter.requires_grad for parameter in copied.parameters())


def test_statistics_of_batch_normalisation_are_the_followers_own():
    source, target = nn.BatchNorm1d(1), nn.BatchNorm1d(1)
    source.running_mean.fill_(5.0)
    follow(target, source, 0.0)
    assert float(target.running_mean) == 0.0


@pytest.mark.parametrize(("progress", "share"), [(0.0, 1.0), (0.5, 0.5), (2 / 3, 0.25), (1.0, 0.0)])
def test_momentum_rises_to_one_by_half_a_cosine(progress, share):
    assert rising(0.9, progress) == pytest.approx(1 - 0.1 * share)
    assert rising(0.9, progress) == pytest.approx(1 - 0.1 * math.cos(math.pi * progress / 2) ** 2)
