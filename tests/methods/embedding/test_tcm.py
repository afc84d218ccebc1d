"""What crosses the two cosines, by loops; without weights it is the base; what has crossed by little pulls as much."""

import pytest
import torch

from pipeline.methods.embedding.multi_similarity import MultiSimilarity
from pipeline.methods.embedding.tcm import TCM
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, matrix, pairs, points


@pytest.mark.parametrize("settings", [{}, {"positive_weight": 0.3, "negative_margin": 0.0, "positive_margin": 0.6}])
def test_tcm(settings):
    method, s, near, far = TCM(**settings), matrix(points(spread=0.4)), [], []
    for i, own, others in pairs():
        near += [method.positive_margin - s[i, j].item() for j in own if s[i, j] <= method.positive_margin]
        far += [s[i, j].item() - method.negative_margin for j in others if s[i, j] >= method.negative_margin]
    assert 0 < len(near) < 26 and 0 < len(far) < 106
    wanted = method.positive_weight * sum(near) / len(near) + method.negative_weight * sum(far) / len(far)
    base = MultiSimilarity().cosine_loss(s, LABELS).item()
    assert method.cosine_loss(s, LABELS).item() == pytest.approx(base + wanted)


def test_without_weights_it_is_the_base():
    s = matrix(points())
    found = TCM(positive_weight=0.0, negative_weight=0.0).cosine_loss(s, LABELS)
    assert torch.equal(found, MultiSimilarity().cosine_loss(s, LABELS))


def test_the_pull_does_not_fade_as_fewer_cross():
    """Of a pair of one class, the gradient of the term is -1 over the number that fall short, whatever that is."""
    for short in (4, 2):
        s = torch.full((4, 4), 0.95, dtype=torch.float64)
        s[0, 1] = s[1, 0] = 0.8
        if short == 4:
            s[0, 2] = s[2, 0] = 0.85
        s.requires_grad_()
        loss = TCM().cosine_loss(s, torch.zeros(4, dtype=torch.long))
        base = MultiSimilarity().cosine_loss(s, torch.zeros(4, dtype=torch.long))
        (gradient,) = torch.autograd.grad(loss - base, s)
        assert gradient.sum().item() == pytest.approx(-1) and (gradient != 0).sum() == short


def test_gradients():
    assert every_gradient_is_finite(TCM(), points(), torch.arange(12))
