import pytest
import torch

from pipeline.errors import Absent
from pipeline.ops.rounds import area

PREDICTIONS = torch.tensor([[1, 1, 1], [0, 1, 1], [0, 0, 1], [0, 0, 1], [0, 0, 0]])
LABELS = torch.zeros(3, dtype=torch.long)


def test_the_mean_height_of_the_polygon():
    bought = torch.tensor([4, 8, 10, 20, 24])
    # per example: 0 to 100 within the first 4 of 20 labels, and right from then on; and so on
    expected = [100 * (0.5 * 4 + 16) / 20, 100 * (0.5 * 2 + 14) / 20, 100 * 0.5 * 4 / 20]
    assert area(PREDICTIONS, bought, LABELS).tolist() == pytest.approx(expected)


def test_a_share_of_the_labels():
    bought = torch.tensor([0, 10, 20, 30, 40])
    assert area(PREDICTIONS, bought, LABELS, 0.5).tolist() == pytest.approx([75.0, 25.0, 0.0])
    # the first round counts however little the share is
    assert area(PREDICTIONS, bought, LABELS, 0.1).tolist() == pytest.approx([50.0, 0.0, 0.0])


def test_without_rounds_there_is_none():
    with pytest.raises(Absent, match="no labels were bought"):
        area(PREDICTIONS[:1], torch.tensor([4]), LABELS)
