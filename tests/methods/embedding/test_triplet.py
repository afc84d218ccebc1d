"""The semi-hard negative of every pair by loops; where all is well apart nothing is left."""

import pytest
import torch

from pipeline.methods.embedding.triplet import Triplet
from tests.kit.metric_learning import LABELS, every_gradient_is_finite, matrix, pairs, points, rows


@pytest.mark.parametrize("margin", [0.2, 1.0])
def test_triplet(margin):
    cosines, open_hinges = rows(points()), []
    for i, own, others in pairs():
        d = [2 - 2 * c for c in cosines[i]]
        for p in own:
            further = [d[n] for n in others if d[n] > d[p]]
            if further and d[p] - min(further) + margin > 0:
                open_hinges.append(d[p] - min(further) + margin)
    assert len(open_hinges) > 3
    found = Triplet(margin=margin).cosine_loss(matrix(points()), LABELS).item()
    assert found == pytest.approx(sum(open_hinges) / len(open_hinges))


def test_negatives_that_are_nearer_than_the_positive_do_not_count():
    """The anchor's positive is opposite to it, the negatives between: none is further than the positive."""
    z = torch.tensor([[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    cosines = matrix(z)
    cosines.requires_grad_()
    loss = Triplet().cosine_loss(cosines, torch.tensor([0, 0, 1]))
    loss.backward()
    assert loss.item() == 0 and not cosines.grad.any()


def test_gradients():
    z = points().float()
    z[3] = z[0]
    assert every_gradient_is_finite(Triplet(), z)
    assert every_gradient_is_finite(Triplet(), z, torch.arange(12))
