"""Metrics of how the training loss falls, by slow loops."""

import math

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import conflict_share, worst_decile_train_nll


def test_the_worst_tenth_of_the_losses():
    logits = torch.randn(25, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.arange(25) % 4
    losses = []
    for row, label in zip(logits.tolist(), labels.tolist(), strict=True):
        losses.append(math.log(sum(math.exp(v) for v in row)) - row[label])
    want = sum(sorted(losses)[-3:]) / 3
    assert worst_decile_train_nll.compute(logits, labels) == pytest.approx(want)


def test_conflicts_are_averaged_over_the_epochs_that_tell():
    assert conflict_share.compute([{"conflict_share": 20.0}, {"loss": 1.0}, {"conflict_share": 10.0}]) == 15.0
    with pytest.raises(Absent):
        conflict_share.compute([{"loss": 1.0}])
