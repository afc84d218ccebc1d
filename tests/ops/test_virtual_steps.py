"""Virtual steps leave no trace: not in weights, nor in statistics, nor in what an optimiser remembers."""

import copy

import pytest
import torch
from torch import nn

from pipeline.ops.virtual_steps import remembered

OPTIMIZERS = {
    "sgd": lambda module: torch.optim.SGD(module.parameters(), 0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    "adam": lambda module: torch.optim.AdamW(module.parameters(), 0.01),
}


def network():
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.Linear(6, 2))


def step(module, optimizer, seed):
    optimizer.zero_grad()
    images = torch.randn(8, 4, generator=torch.Generator().manual_seed(seed))
    module(images).square().mean().backward()
    optimizer.step()


@pytest.mark.parametrize("key", OPTIMIZERS)
@pytest.mark.parametrize("before", [0, 2])
def test_training_goes_on_as_if_they_had_not_been(key, before):
    straight, looking = network(), network()
    optimizers = [OPTIMIZERS[key](module) for module in (straight, looking)]
    for seed in range(before + 3):
        step(straight, optimizers[0], seed)
        if seed >= before:
            put_back = remembered([looking], [optimizers[1]])
            for _ in range(2):  # put back twice, from wherever it has come to
                step(looking, optimizers[1], seed + 50)
                step(looking, optimizers[1], seed + 60)
                put_back()
        step(looking, optimizers[1], seed)
        for name, value in straight.state_dict().items():
            assert torch.equal(value, looking.state_dict()[name]), name


def test_without_putting_back_they_would_leave_traces():
    module = network()
    optimizer = OPTIMIZERS["sgd"](module)
    before = copy.deepcopy(module.state_dict())
    put_back = remembered([module], [optimizer])
    step(module, optimizer, 0)
    after = module.state_dict()
    assert optimizer.state and not any(
        torch.equal(before[name], after[name]) for name in ("0.weight", "1.running_mean")
    )
    put_back()
    assert not optimizer.state and all(torch.equal(before[name], after[name]) for name in before)
