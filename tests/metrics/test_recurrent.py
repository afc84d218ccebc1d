"""Metrics of the study of recurrent networks."""

import math

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import gradient_spike, solved, spike_radius


def test_a_task_is_solved_where_less_than_one_in_a_hundred_is_wrong():
    labels = torch.zeros(1000, dtype=torch.int64)
    for wrong, want in ((0, 100.0), (9, 100.0), (10, 0.0), (1000, 0.0)):
        predictions = labels.clone()
        predictions[:wrong] = 1
        assert solved.compute(predictions, labels) == want


def test_the_largest_gradient_over_the_usual_one():
    rows = [
        {"gradient_norm": norm, "gradient_largest": largest, "radius_at_largest": radius}
        for norm, largest, radius in ((0.5, 0.9, 0.95), (2.0, 40.0, 1.6), (1.0, 3.0, 1.5))
    ]
    assert gradient_spike.compute(rows) == pytest.approx(math.log10(40))
    assert spike_radius.compute(rows) == 1.6
    with pytest.raises(Absent, match="not observed"):
        gradient_spike.compute([{"loss": 1.0}])
