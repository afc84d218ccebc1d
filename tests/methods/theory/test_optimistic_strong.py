"""Regret on a strongly convex function: by simulated chains, its derived constant, and other steps."""

import numpy as np
import pytest

from pipeline.methods.theory.optimistic_strong import OptimisticStrong


def check(**changes: object) -> OptimisticStrong:
    return OptimisticStrong(**{"smallest": 100, "largest": 6400, "steps": 4, "noise": 0.5, "slow": False, **changes})


def slope(made: OptimisticStrong) -> dict[str, np.ndarray]:
    sizes = made.sizes()
    regret = [made.measure(np.random.default_rng(0), size)["regret"] for size in sizes]
    return made.summary(sizes, {"regret": np.array([regret])})


@pytest.mark.parametrize("slow", [False, True])
def test_moments_are_those_of_chains(slow: bool) -> None:
    random, chains = np.random.default_rng(0), 20_000
    base, last, regret = np.ones(chains), np.zeros(chains), 0.0
    for t in range(1, 21):
        eta = t**-0.5 if slow else 2 / t
        x = base - eta * last
        regret += np.mean(x**2) / 2
        last = x + 0.5 * random.choice([-1, 1], size=chains)
        base = base - eta * last
    assert check(slow=slow).measure(random, 20)["regret"] == pytest.approx(regret, rel=0.02)


def test_the_constant_is_two_thirds_and_no_other() -> None:
    found = slope(check())["deviation"]
    assert abs(found[0]) < 0.005
    assert abs((found[0] + 1) * 4 / 3 - 1) > 0.3, "one half, that of steps 1 / t, would be seen"


def test_it_is_the_noise_that_makes_it_grow() -> None:
    assert slope(check(noise=0.0))["level"][0] == pytest.approx(0, abs=1e-6)
    assert slope(check(slow=True))["deviation"][0] > 5
