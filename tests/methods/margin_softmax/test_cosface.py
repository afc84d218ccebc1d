"""Cross-entropy of scaled cosines by loops, less the margin for the true class; two classes in closed form."""

import math

import pytest
import torch

from pipeline.methods.margin_softmax.cosface import CosFace
from tests.kit.classifiers import FIVE, B, embedded
from tests.kit.losses import cosines, cross_entropy
from tests.kit.methods import made


@pytest.mark.parametrize("settings", [{}, {"scale": 8.0, "margin": 0.1}])
def test_cosface(settings, labels):
    method, features, total = made(CosFace, context=FIVE, **settings), embedded(), 0.0
    for row, y in zip(cosines(features, method.head.weight), labels.tolist(), strict=True):
        total += cross_entropy([method.scale * (c - method.margin * (k == y)) for k, c in enumerate(row)], y)
    assert method.objective(method.logits(features), labels).item() == pytest.approx(total / B, rel=1e-4)


def test_of_two_opposite_directions():
    """Cosines of 1/2 and -1/2: log(1 + exp(s (m - 1)))."""
    logits = torch.tensor([[5.0, -5.0]], dtype=torch.float64)
    got = CosFace(scale=10.0, margin=0.3).objective(logits, torch.tensor([0])).item()
    assert got == pytest.approx(math.log1p(math.exp(-7.0)))
