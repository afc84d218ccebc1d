"""Mining and weighting by loops; with a flat weighting it is a difference of means."""

import math

import pytest
import torch

from pipeline.methods.embedding.multi_similarity import MultiSimilarity
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, matrix, pairs, points, rows


@pytest.mark.parametrize("settings", [{}, {"epsilon": 0.3, "beta": 20.0}, {"mined": False, "alpha": 5.0, "base": 0.2}])
def test_multi_similarity(settings):
    method, cosines, total, dropped = MultiSimilarity(**settings), rows(points(spread=0.5)), 0.0, 0
    for i, own, others in pairs():
        s = cosines[i]
        kept_own, kept_others = own, others
        if method.mined:
            kept_own = [p for p in own if s[p] - method.epsilon < max(s[n] for n in others)]
            kept_others = [n for n in others if s[n] + method.epsilon > min(s[p] for p in own)]
        dropped += len(own) + len(others) - len(kept_own) - len(kept_others)
        near = sum(math.exp(-method.alpha * (s[p] - method.base)) for p in kept_own)
        far = sum(math.exp(method.beta * (s[n] - method.base)) for n in kept_others)
        total += math.log(1 + near) / method.alpha + math.log(1 + far) / method.beta
    assert bool(dropped) is method.mined
    assert method.cosine_loss(matrix(points(spread=0.5)), LABELS).item() == pytest.approx(total / 12)


def test_with_a_wide_epsilon_all_pairs_are_kept():
    s = matrix(points())
    torch.testing.assert_close(
        MultiSimilarity(epsilon=4.0).cosine_loss(s, LABELS), MultiSimilarity(mined=False).cosine_loss(s, LABELS)
    )


def test_separated_classes_are_left_alone():
    z = torch.eye(4, dtype=torch.float64).repeat_interleave(2, 0)
    assert MultiSimilarity().cosine_loss(matrix(z), torch.arange(4).repeat_interleave(2)).item() == 0


def test_gradients():
    assert every_gradient_is_finite(MultiSimilarity(), points())
    assert every_gradient_is_finite(MultiSimilarity(), points(), torch.arange(12))
    assert every_gradient_is_finite(MultiSimilarity(), points(), torch.zeros(12, dtype=torch.long))
