"""The second-moment operator of SGD: by enumerating batches, by simulation, and where it is known."""

import itertools

import numpy as np
import pytest

from pipeline.ops import stability
from pipeline.ops.stability import Batches


def hessians(n: int = 4, d: int = 3, seed: int = 0) -> np.ndarray:
    factors = np.random.default_rng(seed).normal(size=(n, d, 2))
    return factors @ factors.transpose(0, 2, 1)


def enumerated(given: np.ndarray, rate: float, batch: int, batches: Batches) -> np.ndarray:
    """Every batch with its probability."""
    n, d = given.shape[:2]
    if batches == "independent":
        chosen = [[i for i in range(n) if kept[i]] for kept in itertools.product([0, 1], repeat=n)]
        weights = [(batch / n) ** len(each) * (1 - batch / n) ** (n - len(each)) for each in chosen]
    else:
        pick = itertools.product if batches == "with_replacement" else itertools.permutations
        tuples = pick(range(n), **{"repeat" if batches == "with_replacement" else "r": batch})  # type: ignore[operator]
        chosen = [list(each) for each in tuples]
        weights = [1 / len(chosen)] * len(chosen)
    total = np.zeros((d * d, d * d))
    for members, weight in zip(chosen, weights, strict=True):
        j = np.eye(d) - rate / batch * sum((given[i] for i in members), np.zeros((d, d)))
        total += weight * np.kron(j, j)
    return total


@pytest.mark.parametrize("batches", ["with_replacement", "without_replacement", "independent"])
@pytest.mark.parametrize("batch", [1, 2, 3])
def test_the_operator_is_the_mean_over_all_batches(batches: Batches, batch: int) -> None:
    given = hessians()
    found = stability.second_moment(given, 0.3, batch, batches)
    assert found == pytest.approx(enumerated(given, 0.3, batch, batches), abs=1e-12)


@pytest.mark.parametrize("batches", ["with_replacement", "without_replacement", "independent"])
@pytest.mark.parametrize("seed", range(5))
def test_the_critical_rate_is_where_the_radius_crosses_one(batches: Batches, seed: int) -> None:
    given = hessians(seed=seed)
    rate = stability.critical_rate(given, 2, batches)
    assert stability.second_moment_radius(given, 0.999 * rate, 2, batches) < 1
    assert stability.second_moment_radius(given, 1.001 * rate, 2, batches) > 1


def test_flat_directions_neither_help_nor_harm() -> None:
    given = hessians()
    wider = np.zeros((4, 5, 5))
    wider[:, :3, :3] = given
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    rate = stability.critical_rate(given, 1, "with_replacement")
    assert stability.critical_rate(turn @ wider @ turn.T, 1, "with_replacement") == pytest.approx(rate)
    assert stability.second_moment_radius(wider, 0.9 * rate, 1, "with_replacement") == pytest.approx(1)


def test_examples_along_different_axes_are_as_many_scalar_problems() -> None:
    """Of x_i = e_i each step is 1 - eta with probability 1 / n, else 1: stable up to eta = 2."""
    given = stability.rank_one(np.eye(4))
    assert stability.critical_rate(given, 1, "with_replacement") == pytest.approx(2)
    radius = stability.second_moment_radius(given, 2.5, 1, "with_replacement")
    assert radius == pytest.approx(0.75 + 0.25 * 1.5**2)


def test_the_whole_set_as_a_batch_is_gradient_descent() -> None:
    given = hessians()
    edge = 2 / np.linalg.eigvalsh(given.mean(0))[-1]
    for batches in ("without_replacement", "independent"):
        assert stability.critical_rate(given, len(given), batches) == pytest.approx(edge)
    assert stability.critical_rate(given, 1e9, "with_replacement") == pytest.approx(edge)


def test_the_second_moment_of_simulated_steps() -> None:
    given, random, rate = hessians(d=2), np.random.default_rng(0), 0.1
    start = np.array([1.0, -2.0])
    ends = []
    for _ in range(20_000):
        theta = start
        for i in random.integers(len(given), size=3):
            theta = theta - rate * given[i] @ theta
        ends.append(np.outer(theta, theta))
    operator = np.linalg.matrix_power(stability.second_moment(given, rate, 1, "with_replacement"), 3)
    expected = (operator @ np.outer(start, start).ravel()).reshape(2, 2)
    assert np.mean(ends, axis=0) == pytest.approx(expected, rel=0.05, abs=0.02)
