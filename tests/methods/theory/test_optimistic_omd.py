"""Optimistic mirror descent: by loops, the derivation's bound on hostile gradients, its steps, and hints left out."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from pipeline.methods.theory.optimistic_omd import CHAINS, OptimisticOmd
from pipeline.ops.online import in_disc, optimistic

Kind = Callable[[int, np.ndarray], np.ndarray]


def check(**changes: object) -> OptimisticOmd:
    return OptimisticOmd(**{"smallest": 50, "largest": 800, "steps": 5, "noise": 0.5, "hint": True, **changes})


@pytest.mark.parametrize("hint", [True, False])
def test_regrets_by_loops(hint: bool) -> None:
    made = check(hint=hint)
    sample, c, total = made.draw(40, np.random.default_rng(0)), np.array([0.5, 0.0]), 0.0
    for chain in range(CHAINS):
        base, last, variation = np.zeros(2), np.zeros(2), 0.0
        for t in range(40):
            eta = 2 / math.sqrt(4 * 2.0**2 + variation)
            x = base - eta * last
            x = x / max(1, math.hypot(*x))
            total += ((x - c) @ (x - c)) / 2 / CHAINS
            gradient = x - c + 0.5 * sample[t, chain]
            base = base - eta * gradient
            base = base / max(1, math.hypot(*base))
            variation += (gradient - last) @ (gradient - last)
            last = gradient if hint else last
    assert made.measure(sample, 40)["noise"] == pytest.approx(total, rel=1e-9)


def test_the_derived_bound_holds_on_hostile_gradients_and_a_tenth_of_it_does_not() -> None:
    """Gradients away from each point, along it, at random, or in turn; the best u by a grid of directions."""
    random = np.random.default_rng(1)
    kinds: list[Kind] = [
        lambda t, x: in_disc(-5 * x - [[1e-3, 0.0]]),
        lambda t, x: in_disc(5 * x + [[0.0, 1e-3]]),
        lambda t, x: in_disc(random.normal(size=x.shape)),
        lambda t, x: np.array([[(-1.0) ** t, 0.0]]),
    ]
    worst = 0.0
    for kind in kinds:
        drawn = np.zeros((200, 2))

        def noted(t: int, x: np.ndarray, kind: Kind = kind, drawn: np.ndarray = drawn) -> np.ndarray:
            found = kind(t, x)
            drawn[t] = found[0]
            return found

        found, gradients = optimistic(noted, np.ones(1), 200), drawn
        angles = np.linspace(0, 2 * math.pi, 20_001)
        best = (gradients.sum(0) @ [np.cos(angles), np.sin(angles)]).min()
        regret = (gradients * found["points"][:, 0]).sum() - best
        assert found["regrets"][0] == pytest.approx(regret, abs=1e-4)
        changes = (np.diff(gradients, axis=0, prepend=np.zeros((1, 2))) ** 2).sum()
        assert found["regret_bounds"][0] == pytest.approx(1.5 * 2 * math.sqrt(4 + changes))
        worst = max(worst, regret / found["regret_bounds"][0])
    assert 0.1 < worst <= 1


def test_a_hint_that_is_right_costs_nothing_and_none_costs_the_root() -> None:
    def drift(made: OptimisticOmd) -> list[float]:
        return [made.measure(made.draw(size, np.random.default_rng(0)), size)["drift"] for size in (100, 400)]

    small, large = drift(check())
    assert small == pytest.approx(large, abs=1e-9)
    small, large = drift(check(hint=False))
    assert 1.4 < large / small < 2.0


def test_the_root_of_the_rounds_under_noise_is_told_from_others() -> None:
    made = check()
    regrets = [made.measure(made.draw(size, np.random.default_rng(0)), size)["noise"] for size in (100, 400)]
    assert 0.4 < math.log(regrets[1] / regrets[0]) / math.log(4) < 0.6
