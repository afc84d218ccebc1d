"""Metrics of how the training loss falls, by slow loops."""

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import conflict_share, worst_decile_train_nll


def test_the_worst_tenth_of_the_losses():
    losses = torch.rand(25, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    assert worst_decile_train_nll.compute(losses) == pytest.approx(sum(sorted(losses.tolist())[-3:]) / 3)


def test_conflicts_are_averaged_over_the_epochs_that_tell():
    assert conflict_share.compute([{"conflict_share": 20.0}, {"loss": 1.0}, {"conflict_share": 10.0}]) == 15.0
    with pytest.raises(Absent):
        conflict_share.compute([{"loss": 1.0}])
