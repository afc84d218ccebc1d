"""Averages of a small network with batch normalisation, entry by entry, and its statistics over chunks."""

import copy

import torch
from torch import nn

from pipeline.ops.weight_averages import follow_all, put, renew_statistics


def network(seed):
    torch.manual_seed(seed)
    made = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))
    made(torch.randn(8, 3))
    return made


def test_everything_that_is_a_number_is_averaged():
    target, source = network(1), network(2)
    before = copy.deepcopy(target.state_dict())
    follow_all(target, source, 0.75)
    for name, value in target.state_dict().items():
        own = source.state_dict()[name]
        wanted = 0.75 * before[name] + 0.25 * own if value.is_floating_point() else own
        torch.testing.assert_close(value, wanted)


def test_parameters_are_put_and_statistics_left():
    target, source = network(1), network(2)
    mean = target[1].running_mean.clone()
    put(source, target)
    assert torch.equal(target[0].weight, source[0].weight) and torch.equal(target[1].running_mean, mean)


def test_statistics_are_means_over_chunks():
    made = network(1)
    chunks = [torch.randn(5, 3), torch.randn(6, 3)]
    renew_statistics(made, chunks)
    values = [made[0](chunk) for chunk in chunks]
    torch.testing.assert_close(made[1].running_mean, torch.stack([v.mean(0) for v in values]).mean(0))
    torch.testing.assert_close(made[1].running_var, torch.stack([v.var(0) for v in values]).mean(0))
    assert made[1].momentum == 0.1


def test_without_normalisation_nothing_is_read():
    def chunks():
        raise AssertionError
        yield

    renew_statistics(nn.Linear(3, 2), chunks())
