"""Errors of predicted numbers, overall and by how common the target is in training."""

from types import SimpleNamespace

import pytest
import torch

from pipeline.metrics import measure
from pipeline.metrics.gm import FLOOR
from pipeline.ops.frequency import by_density


def test_errors_by_hand():
    predictions, targets = torch.tensor([1.0, 4.0, 2.0, -8.0]), torch.tensor([2.0, 2.0, 2.0, -4.0])
    groups = {"many": targets > 0, "medium": targets > 5, "few": targets < 0}
    made = SimpleNamespace(predictions=predictions, targets=targets, density_groups=groups)
    metrics, examples, _ = measure(made, ["mae", "gm"])
    assert metrics == pytest.approx({"mae": 7 / 4, "gm": (1 * 2 * FLOOR * 4) ** 0.25, "mae_many": 1.0, "mae_few": 4.0})
    assert not examples
    made.density_groups = None
    assert measure(made, ["mae"])[0] == {"mae": 7 / 4}


def test_groups_are_thirds_of_the_bins_by_training_targets():
    train = torch.cat([torch.full((count,), place + 0.5) for place, count in enumerate([9, 1, 5, 0, 7, 3])])
    groups = by_density(train, torch.tensor([0.0, 1.2, 2.9, 3.5, 4.0, 5.1, 6.0]), 0.0, 6.0, bins=6)
    assert groups["many"].tolist() == [True, False, False, False, True, False, False]
    assert groups["medium"].tolist() == [False, False, True, False, False, True, True]
    assert groups["few"].tolist() == [False, True, False, True, False, False, False]
