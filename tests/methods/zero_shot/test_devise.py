"""The ranking loss by loops, its zero, and what it does not see."""

import torch

from pipeline.methods.zero_shot.devise import DeViSE
from tests.kit.zero_shot import ATTRIBUTES, SEEN, built


def test_against_loops():
    method = built(DeViSE, margin=0.3)
    x, labels = method.stored[:6], method.given[:6]
    weights, total = method.map.weight.double(), 0.0
    for row, y in zip(x, labels.tolist(), strict=True):
        mapped = weights @ row
        unit = [a.double() / a.double().norm() for a in ATTRIBUTES]
        for c in range(SEEN):
            if c != y:
                total += max(0.0, 0.3 - float(unit[y] @ mapped) + float(unit[c] @ mapped))
    assert abs(float(method.objective(x, labels)) - total / 6) < 1e-10


def test_a_map_that_ranks_rightly_costs_nothing():
    method = built(DeViSE)
    with torch.no_grad():
        x = torch.linalg.pinv(method.map.weight) @ torch.nn.functional.normalize(ATTRIBUTES[:SEEN].double()).T
    assert float(method.objective(10 * x.T, torch.arange(SEEN))) < 1e-9


def test_unseen_classes_play_no_part_in_the_loss():
    method = built(DeViSE)
    before = method.objective(method.stored, method.given)
    method.attributes[SEEN:] = 7.0
    assert torch.equal(before, method.objective(method.stored, method.given))
