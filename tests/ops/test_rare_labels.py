"""Rare labels: the law of what is drawn, and images."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pipeline.ops import rare_labels


def test_examples_follow_the_logistic_model() -> None:
    """Kept in their shares, so that logistic regression finds twice the first input and no other."""
    with_it, without = rare_labels.logistic("linear", 4, 0.1, (4000, 36_000), np.random.default_rng(0))
    assert with_it.shape == (4000, 4) and without.shape == (36_000, 4)
    labels = np.repeat([1, 0], [4000, 36_000])
    weights = LogisticRegression(C=np.inf).fit(np.vstack([with_it, without]), labels).coef_[0]
    assert weights == pytest.approx([2, 0, 0, 0], abs=0.1)


@pytest.mark.parametrize("scores", ["linear", "cubic", "union"])
def test_there_are_as_many_as_wanted_and_rare_ones_score_high(scores: str) -> None:
    with_it, without = rare_labels.logistic(scores, 5, 0.05, (200, 200), np.random.default_rng(1))
    assert len(with_it) == len(without) == 200
    assert with_it[:, 0].mean() > 0.5 > without[:, 0].mean()
    assert abs(with_it[:, 2:].mean()) < 0.1
    assert (with_it[:, 1].mean() > 0.5) == (scores == "union")


def test_there_are_never_fewer() -> None:
    for seed in range(200):
        kinds = rare_labels.logistic("linear", 2, 0.05, (5, 20), np.random.default_rng(seed))
        assert [len(kind) for kind in kinds] == [5, 20]


def test_the_offset_gives_the_rate() -> None:
    odds = np.random.default_rng(2).normal(size=500)
    found = rare_labels.offset(odds, 0.05)
    assert np.mean([1 / (1 + np.exp(-each - found)) for each in odds]) == pytest.approx(0.05, abs=1e-6)


def test_five_digits_have_the_label() -> None:
    with_it, without = rare_labels.digit_set(np.random.default_rng(3))
    assert len(with_it) + len(without) == 1797 and 800 < len(with_it) < 1000
    assert np.abs(np.vstack([with_it, without]).mean(0)).max() < 1e-12
