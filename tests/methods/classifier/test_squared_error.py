"""Least squares on indicators: by loops, its minimum, and its curvature in the logits."""

import pytest
import torch

from pipeline.methods.classifier.squared_error import SquaredLoss
from tests.kit.classifiers import check_order

LOGITS = 2 * torch.randn(6, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
LABELS = torch.tensor([0, 4, 2, 2, 1, 3])


def test_by_loops():
    total = 0.0
    for row, label in zip(LOGITS.tolist(), LABELS.tolist(), strict=True):
        total += sum((value - (place == label)) ** 2 for place, value in enumerate(row)) / 2
    assert SquaredLoss().objective(LOGITS, LABELS).item() == pytest.approx(total / 6)


def test_zero_at_the_indicators_and_of_unit_curvature():
    objective = SquaredLoss().objective
    assert objective(torch.eye(5)[LABELS], LABELS) == 0
    hessian = torch.autograd.functional.hessian(lambda z: objective(z[None], LABELS[:1]), LOGITS[0])
    torch.testing.assert_close(hessian, torch.eye(5, dtype=torch.float64))


def test_classes_are_alike():
    check_order(SquaredLoss().objective, SquaredLoss().objective, LOGITS, LABELS)
