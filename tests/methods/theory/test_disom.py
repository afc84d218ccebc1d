"""Distorted OneMax: the landscape, mutation and selection by slow loops, and a landscape without distortion."""

import math

import numpy as np
import pytest

from pipeline.methods.theory.disom import Disom
from pipeline.ops.one_max import Landscape


def flat(random: np.random.Generator, number: int) -> np.ndarray:
    return np.zeros(number)


def check(**changes: object) -> Disom:
    return Disom(**{"smallest": 30, "largest": 120, "steps": 3, "limit": 3000, "heights": "exponential", **changes})


def slow(size: int, keep: bool, random: np.random.Generator) -> int:
    """Generations on OneMax itself, bit by bit."""
    parent = [int(random.random() < 0.5) for _ in range(size)]
    for generation in range(10_000):
        if sum(parent) >= size - size**0.15:
            return generation
        children = [[bit ^ (random.random() < 1 / size) for bit in parent] for _ in range(round(1.5 * math.log(size)))]
        best = max(children, key=sum)
        parent = best if not keep or sum(best) >= sum(parent) else parent
    return 10_000


@pytest.mark.parametrize("keep", [True, False])
def test_without_distortion_as_many_generations_as_by_loops(keep: bool) -> None:
    by_loops = [slow(20, keep, np.random.default_rng(seed)) for seed in range(150)]
    fast = []
    for seed in range(150, 300):
        random = np.random.default_rng(seed)
        fast.append(Landscape(20, flat, random).climb(int(random.integers(2**20)), keep, 10_000))
    error = math.hypot(np.std(by_loops), np.std(fast)) / math.sqrt(150)
    assert abs(np.mean(by_loops) - np.mean(fast)) < 3 * error


def test_bits_flip_with_the_probability_they_should() -> None:
    masks = Landscape(40, flat, np.random.default_rng(0))._masks(20_000)
    flips = np.array([[mask >> bit & 1 for bit in range(40)] for mask in masks])
    assert len(masks) == 20_000 and flips.mean() == pytest.approx(1 / 40, rel=0.02)
    assert flips.mean(0) == pytest.approx(np.full(40, 1 / 40), abs=0.005)
    assert (flips.sum(1) == 0).mean() == pytest.approx((1 - 1 / 40) ** 40, abs=0.015), "not 0.35 of exactly one flip"


def test_the_landscape_stays_as_it_is_and_has_its_share_of_heights() -> None:
    made = check()
    land = Landscape(100, made._drawn, np.random.default_rng(0))
    points = list(range(20_000))
    first = [land.fitness(point) for point in points]
    assert [land.fitness(point) for point in points] == first
    heights = np.array([value - point.bit_count() for value, point in zip(first, points, strict=True)])
    assert (heights > 0).mean() == pytest.approx(0.03, abs=0.004)
    assert heights[heights > 0].mean() == pytest.approx(2.5, rel=0.1)


class Recorded(Landscape):
    def fitness(self, point: int) -> float:
        self.seen = [*getattr(self, "seen", []), super().fitness(point)]
        return self.seen[-1]


@pytest.mark.parametrize("keep", [True, False])
def test_the_comma_strategy_leaves_what_the_plus_strategy_sits_on(keep: bool) -> None:
    land = Recorded(60, check()._drawn, np.random.default_rng(3))
    taken = land.climb(0, keep, 1000)
    best = np.array(land.seen[1:]).reshape(-1, 6).max(1)
    assert len(best) == taken, "a generation is six children"
    assert (np.diff(best) < 0).any() and (taken == 1000) == keep
    assert (best[-1] >= 60 - 60**0.15) != keep


def test_random_heights_stop_the_plus_strategy_alone() -> None:
    def cut_off(heights: str, name: str) -> float:
        made = check(heights=heights)
        return float(np.mean([made.measure(np.random.default_rng(seed), 100)[name] == 3000 for seed in range(6)]))

    assert cut_off("exponential", "plus") > 0.5 and cut_off("exponential", "comma") == 0
    assert cut_off("equal", "plus") < 0.5
