"""A small network on early maps of two others."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.ops.mixing_network import MixingNetwork, PreActivation


def maps(channels, side, seed=0):
    return torch.randn(5, channels, side, side, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("sides", [(7, 4), (8, 4), (6, 6), (14, 7)])
def test_it_takes_maps_of_any_sides_and_channels(sides):
    first, second = [maps(3, sides[0]), maps(4, sides[0])], [maps(6, sides[1]), maps(5, sides[1])]
    network = MixingNetwork([m[:1].shape for m in first], [m[:1].shape for m in second])
    answer = network(first, second)
    assert answer.shape == (5, 1)
    answer.sum().backward()
    assert all(p.grad is not None and p.grad.any() for p in network.parameters())


def test_a_block_by_its_parts():
    block, given = PreActivation(3, 4, 2).eval(), maps(3, 6)
    with torch.no_grad():
        block.norms[0].running_mean.fill_(0.3)
    active = ((given - 0.3) / (1 + 1e-5) ** 0.5).clamp_min(0)
    deep = F.conv2d(active, block.convolution.weight, stride=2, padding=1) / (1 + 1e-5) ** 0.5
    want = F.conv2d(deep.clamp_min(0), block.second.weight, padding=1) + F.conv2d(active, block.beside.weight, stride=2)
    torch.testing.assert_close(block(given), want)


def test_the_last_layer_has_no_bias():
    first, second = [maps(2, 4)], [maps(3, 2)]
    network = MixingNetwork([first[0][:1].shape], [second[0][:1].shape]).eval()
    with torch.no_grad():
        network.linear.weight.zero_()
    assert not network(first, second).any()
