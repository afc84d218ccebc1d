"""The largest margin of modular addition: assembled networks, best units by search, and other constants."""

import numpy as np
import pytest

from pipeline.methods.theory.modular_addition import ModularAddition


def check(**changes: object) -> ModularAddition:
    plain = {"largest": 7, "width": 5, "plain": False, "rectified": False, "shuffled": False}
    return ModularAddition(**{**plain, **changes})


def cosines(p: int, frequency: int, phase: float) -> np.ndarray:
    return np.cos(2 * np.pi * frequency * np.arange(p) / p + phase)


@pytest.mark.parametrize("p", [5, 7, 11])
def test_an_assembled_network_reaches_the_stated_margin_and_its_phases_are_needed(p: int) -> None:
    grid = 2 * np.pi * np.arange(4) / 4
    for off, reached in ((0.0, True), (0.5, False)):
        units = [
            np.concatenate([cosines(p, f, first), cosines(p, f, second), cosines(p, f, first + second + off)])
            for f in range(1, (p + 1) // 2)
            for first in grid
            for second in grid
        ]
        weights = np.stack(units, axis=1)
        made = check(largest=p, width=8)
        network, _ = made.draw(p, np.random.default_rng(0))
        assert weights.shape[1] == network.units
        ratio = network.margin(weights.ravel()) / made.predicted(p)["margin"]
        assert (ratio == pytest.approx(1, rel=1e-9)) == reached and ratio < 1 + 1e-9


def test_no_unit_alone_has_a_larger_mean_margin() -> None:
    """The mean over a, b and wrong c of (u(a) + v(b))^2 (w(a + b) - w(c)), over the cube of the norm, by search."""
    from scipy.optimize import minimize

    p = 5
    a, b = np.divmod(np.arange(p * p), p)

    def mean(flat: np.ndarray) -> float:
        u, v, w = flat.reshape(3, p)
        total = 0.0
        for c in range(1, p):
            total += ((u[a] + v[b]) ** 2 * (w[(a + b) % p] - w[(a + b + c) % p])).mean() / (p - 1)
        return float(-total / np.linalg.norm(flat) ** 3)

    starts = np.random.default_rng(0).normal(size=(8, 3 * p))
    best = -min(minimize(mean, start, method="BFGS", options={"gtol": 1e-8}).fun for start in starts)
    assert best == pytest.approx(check().predicted(p)["margin"], rel=1e-4)


def test_training_leads_there_and_another_constant_would_be_seen() -> None:
    made = check()
    found = made.measure(made.draw(7, np.random.default_rng(0)), 7)
    ratio = found["margin"] / made.predicted(7)["margin"]
    assert ratio == pytest.approx(1, abs=1e-4) and abs(ratio * 7 / 6 - 1) > 0.1, "p sqrt(p) in place of (p - 1) sqrt(p)"
    assert found["share"] > 0.999 and found["phase"] < 1e-3 and found["frequencies"] == 3


@pytest.mark.parametrize("change", ["plain", "rectified", "shuffled"])
def test_without_an_assumption_frequencies_mix(change: str) -> None:
    made = check(**{change: True})
    assert made.measure(made.draw(5, np.random.default_rng(1)), 5)["share"] < 0.98


def test_too_few_units_do_not_reach_the_margin() -> None:
    made = check(width=1)
    found = made.measure(made.draw(7, np.random.default_rng(1)), 7)
    assert found["margin"] < 0.9 * made.predicted(7)["margin"]
