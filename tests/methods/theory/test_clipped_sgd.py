"""Clipped steps with noise: by loops, in closed form, and with other noise or none of the clipping."""

import numpy as np
import pytest
from scipy.optimize import brentq

from pipeline.methods.theory.clipped_sgd import ClippedSgd


def check(**changes: object) -> ClippedSgd:
    settings = {"smallest": 10, "largest": 100, "steps": 4, "chains": 500, "threshold": 1.0, "unclipped": False}
    return ClippedSgd(**{**settings, **changes})


def summed(made: ClippedSgd, repetitions: int = 5) -> dict[str, np.ndarray]:
    found = [[made.measure(np.random.default_rng(r), size) for size in made.sizes()] for r in range(repetitions)]
    curves = {name: np.array([[each[name] for each in row] for row in found]) for name in found[0][0]}
    return made.summary(made.sizes(), curves)


def test_steps_by_a_loop() -> None:
    made, random, u = check(chains=3, threshold=2.0), np.random.default_rng(0), 0.25
    chains = [0.0, 0.0, 0.0]
    for _ in range(120):
        for chain, uniform in enumerate(random.random(3)):
            gradient = chains[chain] + (1 / u if uniform < u**2 / (1 + u**2) else -u)
            chains[chain] -= min(1, 2.0 / abs(gradient)) * gradient / 12
    found = made.measure(np.random.default_rng(0), 12)
    assert found["bias"] == pytest.approx(np.mean(chains))
    assert found["gradient"] == pytest.approx(np.mean(np.abs(chains)))


@pytest.mark.parametrize("threshold", [0.6, 1.0, 5.0])
def test_noise_has_variance_one_and_the_predicted_root_is_one(threshold: float) -> None:
    u = 1 / (2 * threshold)
    rare, noise = u**2 / (1 + u**2), np.array([1 / u, -u])
    chances = np.array([rare, 1 - rare])
    assert chances @ noise == pytest.approx(0, abs=1e-12) and chances @ noise**2 == pytest.approx(1)
    root = brentq(lambda x: chances @ np.clip(x + noise, -threshold, threshold), -10, 10, xtol=1e-13)
    assert check(threshold=threshold).predicted(10)["bias"] == pytest.approx(root)


def test_the_bias_is_the_predicted_one_at_every_step_size_and_no_other() -> None:
    found = summed(check())
    assert found["deviation"].mean() == pytest.approx(0, abs=0.015)
    assert found["exponent"].mean() == pytest.approx(0, abs=0.03)
    assert abs((found["deviation"].mean() + 1) * 3 / 4 - 1) > 0.1, "a constant of a third would be seen"


def test_without_clipping_it_is_gone_and_smaller_steps_help() -> None:
    found = summed(check(unclipped=True))
    assert found["deviation"].mean() == pytest.approx(0, abs=0.01)
    assert found["exponent"].mean() == pytest.approx(-0.5, abs=0.05)


def test_unclipped_steps_stray_by_the_variance_in_closed_form() -> None:
    """x <- (1 - eta) x - eta xi has the variance eta / (2 - eta); noise is symmetric at a threshold of a half."""
    found = check(unclipped=True, threshold=0.5, chains=4000).measure(np.random.default_rng(1), 50)
    normal = (2 / np.pi) ** 0.5
    assert found["gradient"] == pytest.approx(normal * (0.02 / 1.98) ** 0.5, rel=0.05)
