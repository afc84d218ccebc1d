"""Metrics of rounds of labelling."""

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import aulc, bought_margin, bought_spacing, bought_top1
from tests.kit import evidence


def heights(made):
    return [100 * (row == made.labels).double().mean().item() for row in made.round_predictions]


def test_the_area_is_the_mean_height():
    made = evidence.active_learning(True)
    found = aulc.compute(made.round_predictions, made.round_labels, made.labels)
    at = heights(made)
    assert found[""].shape == made.labels.shape
    assert found[""].mean().item() == pytest.approx(sum(at[:-1]) / 24 + sum(at[1:]) / 24)
    # a quarter of twelve rounds are three
    assert found["early"].mean().item() == pytest.approx(sum(at[:3]) / 6 + sum(at[1:4]) / 6)


def test_accuracy_by_labels():
    made = evidence.active_learning(False)
    found = bought_top1.compute(made.round_predictions, made.round_labels, made.labels)
    at = heights(made)
    assert len(found) == 12 and found[""] == found["8"] == pytest.approx(at[0])
    assert found["128"] == pytest.approx(at[12])
    for name in found.keys() - {""}:
        assert found[name] == pytest.approx(at[(int(name) - 8) // 10])
    alone = bought_top1.compute(made.round_predictions[:1], made.round_labels[:1], made.labels)
    assert alone.keys() == {"", "8"}


@pytest.mark.parametrize("metric", [bought_margin, bought_spacing])
def test_what_was_bought(metric):
    assert metric.compute(torch.tensor([0.2, 0.4])) == pytest.approx(0.3)
    with pytest.raises(Absent, match="no labels were bought"):
        metric.compute(torch.zeros(0))
