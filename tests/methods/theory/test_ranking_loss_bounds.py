"""Losses that bound wrong pairs: by loops, at extremes, step by step, and with a factor left out."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.ranking_loss_bounds import RankingLossBounds, sides


def loss(margin: float) -> float:
    return math.log2(1 + math.exp(-margin))


def test_sides_by_loops() -> None:
    random = np.random.default_rng(0)
    high, low = random.normal(size=3).tolist(), random.normal(size=8).tolist()
    offset = math.log(3 / 8)
    pairs = [(s, t) for s in high for t in low]
    right, wrong = [loss(s + offset) for s in high], [loss(-t - offset) for t in low]
    assert sides(np.array(high), np.array(low)) == pytest.approx(
        (
            sum(s <= t for s, t in pairs) / 24,
            sum(loss(s - t) for s, t in pairs) / 24,
            sum(right) / 3 + sum(wrong) / 8,
            (sum(right) + sum(wrong)) / 11,
        )
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_steps_of_the_derivation(seed: int) -> None:
    random = np.random.default_rng(seed)
    for s, t in random.normal(0, 3, (200, 2)):
        assert (s <= t) <= loss(s - t)
        assert (s <= t) <= (s <= 0) + (t >= 0) <= loss(s) + loss(-t)


def test_scores_that_say_nothing() -> None:
    """All pairs are ties: pairwise loss 1, univariate loss the entropy of the rate in bits."""
    error, pairwise, _, univariate = sides(np.zeros(10), np.zeros(190))
    assert (error, pairwise) == (1, 1)
    assert univariate == pytest.approx(-0.05 * math.log2(0.05) - 0.95 * math.log2(0.95))
    assert error > univariate


def test_the_bounds_hold_and_not_without_the_factor() -> None:
    check = RankingLossBounds(smallest=2, largest=20, steps=3, examples=100)
    sizes = [2, 6, 20]
    found = {n: [check.measure(check.draw(n, np.random.default_rng(seed)), n) for seed in range(20)] for n in sizes}
    assert not any(each["broken"] for n in sizes for each in found[n])
    assert all(each["broken_unscaled"] for each in found[20])
    assert min(each["looseness_univariate"] - each["looseness_reweighted"] for each in found[20]) > 0
