"""What is seen without being learned: outputs as in training, buffers as before."""

import copy

import pytest
import torch
from torch import nn

from pipeline.ops.batch_statistics import unmoved


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.LazyBatchNorm1d()).train()


def test_outputs_are_those_of_training_and_buffers_stay():
    asked, images = network(), torch.randn(5, 1, 6, 6)
    asked(images)
    learning, before = copy.deepcopy(asked), copy.deepcopy(asked.state_dict())
    with unmoved(asked):
        found = asked(2 * images)
    assert torch.equal(found, learning(2 * images))
    assert all(torch.equal(value, before[name]) for name, value in asked.state_dict().items())
    asked(2 * images)
    assert all(torch.equal(value, asked.state_dict()[name]) for name, value in learning.state_dict().items())


def test_an_error_does_not_leave_it_so():
    asked = network()
    with pytest.raises(RuntimeError), unmoved(asked):
        asked(torch.randn(5, 2, 6, 6))
    assert asked[1].track_running_stats
