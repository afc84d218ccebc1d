"""The variance of accelerated SGD: setting by setting, at the edge of the assumptions, and beyond it."""

import numpy as np
import pytest

from pipeline.methods.theory.asgd_variance import AsgdVariance
from pipeline.ops import least_squares_sgd


def check(**changes: object) -> AsgdVariance:
    return AsgdVariance(**{"dimensions": 20, "shorter": False, **changes})


def violations(made: AsgdVariance, repetitions: int) -> list[float]:
    samples = [made.draw(1, np.random.default_rng(seed)) for seed in range(repetitions)]
    return [made.measure(sample, 1)["violation"] for sample in samples]


def test_steps_are_within_the_assumptions() -> None:
    for seed in range(20):
        sample = check().draw(1, np.random.default_rng(seed))
        variances, steps = sample["variances"], sample["steps"]
        assert np.all(steps.gamma >= steps.delta) and np.all(6 * steps.delta * variances.sum() <= 1 + 1e-9)
        assert np.all((steps.beta > 0) & (steps.beta < 1)) and steps.alpha == pytest.approx(1 / (1 + steps.beta))
        cutoff = np.round(steps.delta / (3 * steps.beta * steps.gamma)).astype(int)[:, 0]
        beyond = np.array([sum(variances[each:]) for each in cutoff])
        assert np.all(6 * steps.gamma[:, 0] * beyond <= 1 + 1e-9)


def test_the_ratio_is_the_least_of_the_settings() -> None:
    sample = check().draw(1, np.random.default_rng(0))
    ratios = []
    for number in range(20):
        risks = []
        for row in (number, number + 20):
            steps = least_squares_sgd.Steps(*(each[row : row + 1] for each in sample["steps"]))
            start = np.zeros(20)
            found = least_squares_sgd.risks(steps, sample["variances"], start, 1.0, sample["iterations"])
            risks.append(sum(found["tail"][0]))
        ratios.append(risks[0] / risks[1])
    assert check().measure(sample, 1)["log_ratio"] == pytest.approx(np.log(min(ratios)))


def test_no_setting_violates_and_equal_steps_are_the_edge() -> None:
    assert not any(violations(check(), 30))
    sample = check().draw(1, np.random.default_rng(0))
    plain = least_squares_sgd.Steps(*(np.tile(each[20:], (2, 1)) for each in sample["steps"]))
    edge = check().measure({**sample, "steps": plain}, 1)
    assert edge == pytest.approx({"violation": 0.0, "log_ratio": 0.0}, abs=1e-9)


def test_a_step_against_the_assumption_is_seen() -> None:
    assert np.mean(violations(check(shorter=True), 10)) == 1
