"""Mean cosines by loops, over all targets and class by class."""

import torch
import torch.nn.functional as F

from pipeline.methods.targeted.mean_influence import MeanInfluence
from tests.kit.methods import dot


def chosen(count, **settings):
    draw = torch.Generator().manual_seed(3)
    candidates, targets = (F.normalize(torch.randn(n, 4, generator=draw, dtype=torch.float64)) for n in (20, 6))
    labels = torch.tensor([0, 0, 1, 1, 1, 2])
    method = MeanInfluence(share=count / 20, **settings)
    method.candidates = 20
    return set(method.nearest(candidates, targets, labels).tolist()), candidates.tolist(), targets.tolist()


def test_against_loops():
    found, candidates, targets = chosen(5)
    scores = [sum(dot(x, z) for z in targets) / 6 for x in candidates]
    assert found == set(sorted(range(20), key=lambda i: -scores[i])[:5])


def test_by_class_a_candidate_counts_for_the_class_that_it_helps_most():
    found, candidates, targets = chosen(5, by_class=True)
    scores = []
    for x in candidates:
        cosines = []
        for rows in (targets[:2], targets[2:5], targets[5:]):
            mean = [sum(row[d] for row in rows) / len(rows) for d in range(4)]
            cosines.append(dot(x, mean) / dot(mean, mean) ** 0.5)
        scores.append(max(cosines))
    assert found == set(sorted(range(20), key=lambda i: -scores[i])[:5])
    assert found != chosen(5)[0]


def test_opposite_targets_cancel_in_the_mean_but_not_by_class():
    targets = torch.tensor([[1.0, 0.0], [-1.0, 0.01]])
    candidates = F.normalize(torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.2, 1.0]]))
    method = MeanInfluence(share=0.6)
    method.candidates = 3
    assert method.nearest(candidates, targets, torch.tensor([0, 1]))[0] == 2
    method.by_class = True
    assert set(method.nearest(candidates, targets, torch.tensor([0, 1])).tolist()) == {0, 1}
