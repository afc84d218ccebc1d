"""Clipping by a sorted list, its limits, and what the probe of a step measures."""

import pytest
import torch

from pipeline.methods.optimizer.momentum import Momentum
from pipeline.methods.optimizer.sgd_clipped_coordinates import SGDClippedCoordinates
from pipeline.ops.clipping import clipped, clipped_at_random
from pipeline.ops.directional import Probe, share_of_top
from tests.kit.classifiers import doubled
from tests.kit.methods import batch
from tests.kit.optimizers import check_different, check_same, copies, course, fresh


def slow(gradients, share):
    sizes = sorted((abs(v) for g in gradients for v in g.flatten().tolist()), reverse=True)
    limit = sizes[int(len(sizes) * share)]
    return [torch.tensor([max(-limit, min(limit, v)) for v in g.flatten().tolist()]).view(g.shape) for g in gradients]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_against_a_sorted_list(share):
    torch.manual_seed(0)
    gradients = [torch.randn(4, 5), torch.randn(7), torch.randn(2, 3, 2)]
    for found, want in zip(clipped(gradients, share), slow(gradients, share), strict=True):
        torch.testing.assert_close(found, want)


def test_random_coordinates_are_as_many():
    torch.manual_seed(0)
    gradient = torch.randn(20_000)
    found = clipped_at_random([gradient], 0.3)[0]
    assert (found != gradient).double().mean().item() == pytest.approx(0.3 * 0.3, abs=0.01)
    assert set(found.sign().tolist()) <= {-1.0, 0.0, 1.0}


def test_nothing_clipped_is_momentum():
    check_same(fresh(SGDClippedCoordinates, share=0.0), fresh(Momentum))
    check_different(fresh(SGDClippedCoordinates), fresh(Momentum))
    check_different(fresh(SGDClippedCoordinates), fresh(SGDClippedCoordinates, random=True))


def test_the_probe_sees_the_curvature_along_the_step():
    """By a central difference of the slope along the way, from the weights before it."""
    method, data = fresh(Momentum), doubled(batch(("full",), seed=3))
    probe, before = Probe(method, data), copies(method)
    ((_, gradients, after),) = course(method, 1, start=3)
    measured = probe.measured(method)
    assert all(torch.equal(a, b) for a, b in zip(copies(method), after, strict=True))

    def slope(direction, size):
        with torch.no_grad():
            for weight, start, way in zip(method.parameters(), before, direction, strict=True):
                weight.copy_(start + size * way)
        found = torch.autograd.grad(method.loss(data), list(method.parameters()))
        return sum((a * b).sum().item() for a, b in zip(found, direction, strict=True))

    for name, direction in (
        ("directional_sharpness", [a - b for a, b in zip(after, before, strict=True)]),
        ("directional_sharpness_gradient", gradients),
        ("directional_sharpness_clipped", clipped(gradients, 0.1)),
    ):
        length, size = torch.cat([d.flatten() for d in direction]).norm(), 1e-8
        unit = [d / length for d in direction]
        curved = (slope(unit, size) - slope(unit, -size)) / (2 * size)
        assert measured[name] == pytest.approx(curved, rel=1e-4, abs=1e-6)


def test_the_share_of_the_largest():
    vector = torch.tensor([3.0, -1.0, 0.5, 0.1, 0.2, 0.3, 0.1, 0.1, 0.1, 0.1])
    assert share_of_top(vector, 2 * vector, 0.1) == pytest.approx(9 / vector.square().sum().item())
