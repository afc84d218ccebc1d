"""TAROT's layers by loops; the last of them, and the size that it finds for itself, by what the transport costs."""

import itertools

import torch
import torch.nn.functional as F

from pipeline.methods.targeted.tarot import Tarot
from pipeline.ops.optimal_transport import sinkhorn, sphere_distance
from tests.kit.methods import dot


def units(count, seed, dims=4):
    draw = torch.Generator().manual_seed(seed)
    return F.normalize(torch.randn(count, dims, generator=draw, dtype=torch.float64))


def tarot(candidates, **settings):
    method = Tarot(**settings)
    method.candidates = candidates
    return method


def cost(candidates, targets, places):
    return sinkhorn(sphere_distance(candidates[list(places)], targets))[0]


def layers(candidates, targets):
    """By loops: layer k has the k-th nearest candidate of each target."""
    rows = [sorted(range(len(candidates)), key=lambda i: -dot(candidates[i].tolist(), z)) for z in targets.tolist()]
    return [set(layer) for layer in zip(*rows, strict=True)]


def test_whole_layers_and_a_part_of_the_next():
    candidates, targets = units(40, 1), units(6, 2)
    by_loops = layers(candidates, targets)
    whole = set()
    for count in range(1, 41):
        found = tarot(40, share=count / 40).nearest(candidates, targets, None)
        assert len(found) == len(found.unique()) == count
        below = set()
        for layer in by_loops:
            if len(below | layer) > count:
                break
            below |= layer
        assert below <= set(found.tolist()) <= below | layer
        whole |= {len(below)}
    assert len(whole) > 3


def test_of_the_next_layer_those_are_taken_that_the_transport_charges_least_for():
    """Of all ways to fill up, that of the least potentials is one of the cheaper ones; the code's is not."""
    candidates, targets = units(60, 5, 3), units(8, 6, 3)
    first = layers(candidates, targets)[0]
    count = len(first) - 3
    found = set(tarot(60, share=count / 60).nearest(candidates, targets, None).tolist())
    fresh = torch.tensor(sorted(first))
    _, potential, _ = sinkhorn(sphere_distance(candidates[fresh], targets))
    assert found == set(fresh[potential.argsort()[:count]].tolist())
    costs = sorted(cost(candidates, targets, each) for each in itertools.combinations(sorted(first), count))
    greatest = fresh[potential.argsort()[-count:]].tolist()
    assert cost(candidates, targets, found) < costs[len(costs) // 2] < cost(candidates, targets, greatest)


def test_the_size_that_it_finds():
    candidates, targets = units(80, 7), units(10, 8)
    part = torch.tensor([1, 4, 6])
    others = targets[[0, 2, 3, 5, 7, 8, 9]]
    kept, costs, sets = set(), [], []
    for layer in layers(candidates, targets[part]):
        near = {i for i in layer if any(dot(candidates[i].tolist(), targets[p].tolist()) > 0 for p in part.tolist())}
        kept |= near
        costs.append(cost(candidates, others, sorted(kept)))
        sets.append(set(kept))
        if len(costs) > 1 and costs[-1] >= costs[-2]:
            break
    assert len(costs) > 2
    found = tarot(80).fitting(candidates, targets, part)
    assert set(found.tolist()) == sets[-2]


def test_its_parts_are_put_together():
    candidates, targets = units(80, 7), units(10, 8)
    method = tarot(80, estimate=True, folds=4)
    torch.manual_seed(2)
    found = set(method.nearest(candidates, targets, None).tolist())
    torch.manual_seed(2)
    parts = torch.randperm(10).chunk(4)
    assert sorted(len(part) for part in parts) == [1, 3, 3, 3]
    assert found == {place for part in parts for place in method.fitting(candidates, targets, part).tolist()}
    assert found != set(tarot(80, estimate=True, folds=2).nearest(candidates, targets, None).tolist())


def test_every_target_is_served_where_the_mean_is_of_the_larger_mode():
    """Nine targets in one direction and one in another: the first layer has the nearest of both."""
    targets = F.normalize(torch.tensor([[1.0, 0.0, 0.05 * i] for i in range(9)] + [[0.0, 1.0, 0.0]]))
    candidates = F.normalize(torch.tensor([[1.0, 0.0, 0.01 * i] for i in range(20)] + [[0.1, 1.0, 0.0]]))
    assert 20 in tarot(21, share=0.4).nearest(candidates, targets, None)
    assert 20 not in (candidates @ targets.mean(0)).topk(8).indices
