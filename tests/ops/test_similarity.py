"""Cosines of all pairs of two views and the contrast of many positives, by slow loops."""

import math

import pytest
import torch

from pipeline.ops.similarity import contrast_of_many, positives_and_negatives
from tests.kit.embeddings import anchors
from tests.kit.methods import dot, pair


def test_every_anchor_has_its_other_view_and_all_views_of_other_images():
    z = pair()
    positives, negatives = positives_and_negatives(*z)
    for i, (anchor, positive, others) in enumerate(anchors(z)):
        assert float(positives[i]) == pytest.approx(dot(anchor, positive), abs=1e-6)
        own = negatives[i].isinf()
        assert own.nonzero().flatten().tolist() == [i % 7, i % 7 + 7]
        assert negatives[i][~own].tolist() == pytest.approx([dot(anchor, other) for other in others], abs=1e-6)


def test_the_contrast_of_many_equals_the_slow_loops():
    torch.manual_seed(0)
    logits, itself = torch.randn(4, 6), torch.eye(6, dtype=torch.bool)[:4]
    positive = torch.tensor([[0, 1, 0, 0, 0, 1], [1, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 0], [1, 1, 1, 0, 0, 0]]).bool()
    total = 0.0
    for i, row in enumerate(logits.double().tolist()):
        whole = sum(math.exp(value) for a, value in enumerate(row) if a != i)
        chosen = [value for p, value in enumerate(row) if positive[i, p]]
        total -= sum(math.log(math.exp(value) / whole) for value in chosen) / len(chosen) / 4
    assert float(contrast_of_many(logits, positive, itself)) == pytest.approx(total, rel=1e-6)
