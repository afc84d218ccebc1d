"""The share of each layer by loops; limits; what one share for all does."""

import math

import pytest
import torch

from pipeline.methods.robust_fine_tuning.model_stock import ModelStock
from pipeline.methods.robust_fine_tuning.uniform_soup import UniformSoup
from tests.kit.fine_tuning import flat_weights, stepped, tuned
from tests.kit.methods import SIZE, begun


def merged(anchor, one, two):
    """One layer by loops, from flat lists."""
    first, second = ([b - a for a, b in zip(anchor, copy, strict=True)] for copy in (one, two))
    lengths = [math.sqrt(sum(x * x for x in way)) for way in (first, second)]
    angle = sum(x * y for x, y in zip(first, second, strict=True)) / (lengths[0] * lengths[1])
    t = min(max(2 * angle / (1 + angle), 0.0), 1.0)
    return [t * (x + y) / 2 + (1 - t) * a for a, x, y in zip(anchor, one, two, strict=True)], angle


def test_against_loops_layer_by_layer():
    method = stepped(tuned(ModelStock, batch_norm=False), size=2 * SIZE)
    copies = [list(method.anchor.parameters()), method.weights, list(method.second.parameters())]
    want, angles = zip(
        *(merged(*(each.flatten().tolist() for each in layer)) for layer in zip(*copies, strict=True)), strict=True
    )
    assert len({round(angle, 4) for angle in angles}) == len(angles) > 2
    begun(method, phase=1)
    for found, expected in zip(method.weights, want, strict=True):
        torch.testing.assert_close(found.detach().flatten(), torch.tensor(expected), atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize(("turn", "share"), [(0.0, 1.0), (math.pi / 3, 2 / 3), (math.pi / 2, 0.0), (2.5, 0.0)])
def test_copies_that_agree_are_kept_and_those_at_right_angles_are_given_up(turn, share):
    method = tuned(ModelStock, batch_norm=False)
    with torch.no_grad():
        for start, one, two in zip(method.anchor.parameters(), method.weights, method.second.parameters(), strict=True):
            ways = torch.zeros(2, start.numel())
            ways[0, 0], ways[1, 0], ways[1, 1] = 1.0, math.cos(turn), math.sin(turn)
            one.copy_(start + ways[0].view_as(start))
            two.copy_(start + ways[1].view_as(start))
    assert [t.item() for t in method.shares()] == pytest.approx([share] * len(method.weights), abs=1e-3)


def test_with_one_share_all_layers_lie_on_the_way_from_the_base_to_the_mean():
    method = stepped(tuned(ModelStock, layerwise=False), size=2 * SIZE)
    (share,) = {t.item() for t in method.shares()}
    assert 0 < share < 1
    mean = flat_weights(begun(stepped(tuned(UniformSoup), size=2 * SIZE), phase=1))
    start = flat_weights(tuned(ModelStock))
    want = share * mean + (1 - share) * start
    torch.testing.assert_close(flat_weights(begun(method, phase=1)), want, atol=1e-6, rtol=1e-5)
    layered = begun(stepped(tuned(ModelStock), size=2 * SIZE), phase=1)
    assert not torch.allclose(flat_weights(layered), want)
