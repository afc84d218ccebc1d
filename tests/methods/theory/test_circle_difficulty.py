"""Inductive bias on a circle: by sampling functions, an orthonormal basis, and a bound of too few frequencies."""

import numpy as np
import pytest

from pipeline.methods.theory.circle_difficulty import CircleDifficulty, polynomials
from pipeline.ops.difficulty import log_bits


def check(**changes: object) -> CircleDifficulty:
    return CircleDifficulty(**{"degree": 20, "trained": 10, "error": 0.01, "coarse": False, **changes})


def test_the_share_of_functions_that_generalise_by_sampling() -> None:
    """Of those in the ball that nearly fit one example, and err by no more than 0.3 over the circle."""
    made = check(degree=1, trained=1, error=0.3)
    random = np.random.default_rng(0)
    angles, truth = made.draw(1, random)
    functions = random.normal(size=(400_000, 3))
    functions *= (random.random(400_000) ** (1 / 3) / np.linalg.norm(functions, axis=1))[:, None]
    features = polynomials(angles, 1)[0]
    fitting = functions[abs(functions @ features - truth @ features) < 0.03]
    around = polynomials(np.arange(12) / 12 * 2 * np.pi, 1)
    errors = np.sqrt((((fitting - truth) @ around.T) ** 2).mean(1))
    bound = np.exp(log_bits(1, 1 / (2 * np.pi), 1, 0.3))
    bits = bound / 10 ** made.measure((angles, truth), 1)["looseness"]
    assert -np.log2((errors <= 0.3).mean()) == pytest.approx(bits, rel=0.05)


def test_the_basis_is_orthonormal() -> None:
    values = polynomials(np.arange(50) / 50 * 2 * np.pi, 4)
    assert values.T @ values / 50 == pytest.approx(np.eye(9), abs=1e-12)


def test_the_bound_holds_and_not_with_fewer_frequencies() -> None:
    for coarse in (False, True):
        made = check(coarse=coarse)
        found = [made.measure(made.draw(1, np.random.default_rng(seed)), 1)["violation"] for seed in range(20)]
        assert set(found) == {float(coarse)}
