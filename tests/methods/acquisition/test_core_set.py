import itertools

import torch

from pipeline.methods.acquisition.core_set import CoreSet
from tests.kit import pools


def radius(features, centres):
    """The distance from the worst covered row to its nearest centre."""
    return max(min(sum((a - b) ** 2 for a, b in zip(x, c, strict=True)) ** 0.5 for c in centres) for x in features)


def test_against_loops():
    given = pools.pool()
    features = given.features.double().tolist()
    centres = given.labelled.nonzero().squeeze(1).tolist()
    expected = []
    for _ in range(8):
        distances = [radius([x], [features[c] for c in centres]) for x in features]
        best = max((p for p in range(40) if p not in centres), key=lambda p: distances[p])
        centres.append(best)
        expected.append(best)
    assert CoreSet().choose(given, 8, pools.draws()).tolist() == expected


def test_it_covers_within_twice_the_best():
    given = pools.pool(count=12, labelled=1, width=2)
    features = given.features.double().tolist()
    first = given.labelled.nonzero().flatten().tolist()
    best = min(
        radius(features, [features[p] for p in (*first, *chosen)]) for chosen in itertools.combinations(range(12), 3)
    )
    chosen = CoreSet().choose(given, 3, pools.draws()).tolist()
    assert radius(features, [features[p] for p in first + chosen]) <= 2 * best + 1e-12


def test_the_order_of_the_pool_plays_no_part():
    given, order = pools.pool(), torch.randperm(40, generator=pools.draws())
    chosen = CoreSet().choose(given, 8, pools.draws())
    assert torch.equal(order[CoreSet().choose(pools.moved(given, order), 8, pools.draws())], chosen)
