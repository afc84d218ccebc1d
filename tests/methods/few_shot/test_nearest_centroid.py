"""The nearest mean, by loops, and its transforms."""

import torch

from pipeline.methods.few_shot.nearest_centroid import NearestCentroid
from tests.kit.few_shot import episodes, looked, turned


def test_against_loops():
    method = looked(NearestCentroid())
    support, labels, queries, _ = episodes()
    found = method.classify(support, labels, queries)
    unit = [torch.nn.functional.normalize(part - method.known_mean, dim=2) for part in (support, queries)]
    for e in range(4):
        for c in range(3):
            mean = unit[0][e][labels[e] == c].mean(0)
            for q in range(15):
                assert abs(float((unit[1][e, q] - mean).square().sum() + found[e, q, c])) < 1e-5


def test_transforms_differ_and_episodes_do_not_touch():
    found = [looked(NearestCentroid(transform=name)).classify(*episodes()[:3]) for name in ("UN", "L2N", "CL2N")]
    assert not torch.allclose(found[0], found[1]) and not torch.allclose(found[1], found[2])
    assert turned(looked(NearestCentroid()))
