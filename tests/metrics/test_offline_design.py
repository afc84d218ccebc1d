"""Scores of designs, what was expected of them and how sharp the surrogate is, by loops."""

import math

import pytest
import torch

from pipeline.errors import Absent
from pipeline.metrics import design_course, design_score, overestimate, surrogate_sharpness


def test_the_best_design_and_two_percentiles():
    scores = torch.tensor([0.1, 0.5, 0.2, 0.9, 0.4, 0.3], dtype=torch.float64)
    # ranks from 0 to 5: 80% is the fourth, half is between the second and the third
    assert design_score.compute(scores) == pytest.approx({"": 0.9, "80": 0.5, "50": 0.35})


def test_only_what_was_expected_too_much_counts():
    scores, expected = torch.tensor([0.1, 0.5, 0.2]), torch.tensor([0.4, 0.3, 0.2])
    assert overestimate.compute(expected, scores).tolist() == pytest.approx([0.3, 0.0, 0.0])
    with pytest.raises(Absent, match="predicts nothing"):
        overestimate.compute(None, scores)


def test_sharpness_is_a_length():
    slopes = torch.arange(5.0)
    assert surrogate_sharpness.compute(slopes) == pytest.approx(math.sqrt(1 + 4 + 9 + 16))
    with pytest.raises(Absent, match="predicts nothing"):
        surrogate_sharpness.compute(None)


def test_a_course_is_told_point_by_point():
    found = design_course.compute({0: (0.2, 0.25), 100: (0.4, None)})
    assert isinstance(found.pop("predicted_100"), Absent)
    assert found == {"": 0.4, "true_0": 0.2, "predicted_0": 0.25, "true_100": 0.4}
