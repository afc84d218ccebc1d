"""Accelerated SGD: its mean steps by eigenvalues, the ratios by hand, and a momentum that does nothing."""

import numpy as np
import pytest

from pipeline.methods.theory.accelerated_sgd import AcceleratedSgd
from pipeline.ops import least_squares_sgd


def check(**changes: object) -> AcceleratedSgd:
    return AcceleratedSgd(**{"dimensions": 100, "iterations": 600, "plain": False, **changes})


def modulus(steps: least_squares_sgd.Steps, variance: float) -> float:
    """The largest of the mean step of (w, v)."""
    delta, gamma, alpha, beta = (float(each[0, 0]) for each in steps)
    share = np.array([alpha, 1 - alpha])
    step = np.array([(1 - delta * variance) * share, (beta - gamma * variance) * share + [0, 1 - beta]])
    return float(np.abs(np.linalg.eigvals(step)).max())


@pytest.mark.parametrize("cutoff", [5.0, 20.0])
def test_mean_steps_are_slower_along_large_variances_and_faster_along_small_ones(cutoff: float) -> None:
    delta, gamma = 0.1, 0.5 * cutoff
    steps = least_squares_sgd.momentum(np.array([delta]), np.array([gamma]), np.array([cutoff]))
    beta = float(steps.beta[0, 0])
    crossing = 2 * beta / (delta * (1 + beta))
    for variance in (2 * crossing, 4 * crossing):
        assert modulus(steps, variance) > 1 - delta * variance
        stated = (1 - beta) / (1 + beta) * (1 - delta * variance)
        assert modulus(steps, variance) == pytest.approx(stated**0.5, rel=1e-6)
    for variance in (1e-3 * crossing, 0.1 * crossing):
        assert modulus(steps, variance) < 1 - delta * variance
    assert 1 - modulus(steps, 1e-6 * crossing) == pytest.approx((gamma + delta) / 2 * 1e-6 * crossing, rel=1e-3)


def test_the_ratios_by_hand() -> None:
    variances = np.arange(1, 101.0) ** -2.0
    delta, ratios = 1 / (6 * sum(variances)), []
    for cutoff in (5, 10, 20):
        gamma = 1 / (6 * sum(variances[cutoff:]))
        risks = [
            least_squares_sgd.risks(
                least_squares_sgd.momentum(np.array([delta]), np.array([each]), np.array([cutoff])),
                variances, np.zeros(100), 1.0, 600,
            )["tail"][0]
            for each in (gamma, delta)
        ]  # fmt: skip
        ratios += [min(risks[0] / risks[1]), sum(risks[0]) / sum(risks[1])]
    assert check().measure(np.random.default_rng(0), 1)["log_ratio_variance"] == pytest.approx(np.log(min(ratios)))


def test_every_sign_is_the_stated_one_and_its_opposite_would_be_seen() -> None:
    for iterations in (400, 800):
        found = check(iterations=iterations).measure(np.random.default_rng(0), 1)
        assert found["log_ratio_small"] < -0.01 and found["log_ratio_start_small"] < -0.1
        assert found["log_ratio_large"] > 0.1 and found["log_ratio_start_large"] > 0.1
        assert found["log_ratio_variance"] > 0.1


def test_equal_steps_leave_sgd_as_it_is() -> None:
    found = check(plain=True).measure(np.random.default_rng(0), 1)
    assert all(abs(value) < 1e-9 for value in found.values())
