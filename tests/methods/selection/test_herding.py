"""Herding class by class, by loops; shares of the classes; what the mean of the kept is like."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.selection.herding import Herding, divided
from tests.kit.methods import Training, made
from tests.kit.selection import errors_and_features, selecting


def test_against_loops():
    method, training = selecting(Herding, share=0.25)
    _, features = errors_and_features(method, training)
    expected = set()
    for label in range(3):
        own = [i for i, y in enumerate(training.labels.tolist()) if y == label]
        unit = {i: [v / math.hypot(*features[i]) for v in features[i]] for i in own}
        mean = [sum(unit[i][d] for i in own) / len(own) for d in range(10)]
        weights, taken = list(mean), []
        for _ in range(4):
            left = [i for i in own if i not in taken]
            taken.append(max(left, key=lambda i: sum(w * x for w, x in zip(weights, unit[i], strict=True))))
            weights = [w + m - x for w, m, x in zip(weights, mean, unit[taken[-1]], strict=True)]
        expected |= set(taken)
    assert set(method.chosen.nonzero().flatten().tolist()) == expected


def test_classes_keep_their_shares():
    assert divided(10, [50, 30, 20]) == [5, 3, 2]
    assert divided(4, [50, 30, 20]) == [2, 1, 1]
    assert divided(1, [5, 5]) == [1, 0]
    assert divided(7, [3, 3, 1]) == [3, 3, 1]
    for count in range(1, 61):
        found = divided(count, [31, 20, 9])
        assert sum(found) == count and all(n <= size for n, size in zip(found, [31, 20, 9], strict=True))


def test_the_kept_of_a_class_have_nearly_its_mean():
    torch.manual_seed(0)
    training = Training(torch.randint(256, (300, 1, 8, 8), dtype=torch.uint8), torch.arange(300) % 3)
    method = made(Herding, share=0.1)
    method.candidates = 300
    with torch.no_grad():
        places = method.select(training)
        features = F.normalize(method.seen(training)[0])
    for label in range(3):
        own = features[training.labels == label]
        kept = features[places[training.labels[places] == label]]
        gaps = [(own[torch.randperm(100)[:10]].mean(0) - own.mean(0)).norm() for _ in range(20)]
        assert (kept.mean(0) - own.mean(0)).norm() < 0.5 * torch.stack(gaps).mean()


@pytest.mark.parametrize("share", [0.02, 1.0])
def test_a_class_may_keep_nothing_or_all(share):
    method, _ = selecting(Herding, share=share)
    assert int(method.chosen.sum()) == (1 if share < 1 else 48)
