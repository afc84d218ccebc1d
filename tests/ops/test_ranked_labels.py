import math

import pytest
import torch

from pipeline.ops.ranked_labels import first, inverse_propensities, precision, recall

SCORES = torch.tensor([[0.1, 0.9, 0.5, 0.3], [0.4, 0.3, 0.2, 0.1], [0.0, 1.0, 2.0, 3.0]])
POSITIVES = torch.tensor([[0.0, 1.0, 0.0, 1.0], [0.0, 0.0, 0.0, 1.0], [0.0, 0.0, 0.0, 0.0]])


def test_the_first_ones_and_which_are_right():
    places, hits = first(SCORES, POSITIVES, 2)
    assert places.tolist() == [[1, 2], [0, 1], [3, 2]]
    assert hits.tolist() == [[True, False], [False, False], [False, False]]
    assert first(SCORES, POSITIVES, 9)[0].shape == (3, 4)


def test_precision_is_of_k_however_many_there_are():
    assert precision(SCORES, POSITIVES, 1).tolist() == [100, 0, 0]
    assert precision(SCORES, POSITIVES, 3).tolist() == pytest.approx([200 / 3, 0, 0])
    assert precision(SCORES, POSITIVES, 5).tolist() == [40, 20, 0]


def test_recall_is_of_queries_that_have_labels():
    assert recall(SCORES, POSITIVES, 1).tolist() == [50, 0]
    assert recall(SCORES, POSITIVES, 100).tolist() == [100, 100]


def test_rare_labels_weigh_more():
    found = inverse_propensities(torch.tensor([0, 3, 50]), 200)
    for count, weight in zip((0, 3, 50), found.tolist(), strict=True):
        assert weight == pytest.approx(1 + (math.log(200) - 1) * 2.5**0.55 * (count + 1.5) ** -0.55)
    assert found.dtype == torch.float64 and found[0] > found[1] > found[2] > 1
