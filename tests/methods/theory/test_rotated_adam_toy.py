"""Adam in rotated coordinates: against torch's optimiser and loops, in closed form, and with an assumption removed."""

import numpy as np
import pytest
import torch

from pipeline.methods.theory.rotated_adam_toy import RATES, RotatedAdamToy, _adaptive, _descent
from pipeline.ops import quadratics

EIGENVALUES = np.array([1.0, 0.4, 0.05])


def check(**changes: object) -> RotatedAdamToy:
    return RotatedAdamToy(**{"dimensions": 40, "iterations": 200, "condition": 1000.0, **changes})


def measured(made: RotatedAdamToy, seed: int = 0) -> dict[str, float]:
    size = made.sizes()[-1]
    return made.measure(made.draw(size, np.random.default_rng(seed)), size)


def test_adam_is_that_of_torch() -> None:
    hessians, starts = quadratics.both(EIGENVALUES, np.random.default_rng(0))
    found = _adaptive(hessians, starts, 30)[0]
    for problem in range(2):
        for rate in range(len(RATES)):
            w = torch.tensor(starts[problem], requires_grad=True)
            adam = torch.optim.Adam([w], lr=float(RATES[rate, 0]), betas=(0.9, 0.99), eps=1e-8)
            for step in range(30):
                adam.param_groups[0]["lr"] = float(RATES[rate, 0]) * (1 - step / 30)
                adam.zero_grad()
                (w @ torch.tensor(hessians[problem]) @ w / 2).backward()
                adam.step()
            assert found[problem, rate] == pytest.approx(w.detach().numpy(), rel=1e-9, abs=1e-12)


def test_one_second_moment_by_loops() -> None:
    hessians, starts = quadratics.both(EIGENVALUES, np.random.default_rng(1))
    w, first, second = [float(each) for each in starts[0]], [0.0] * 3, 0.0
    for step in range(1, 21):
        gradient = [value * each for value, each in zip(EIGENVALUES, w, strict=True)]
        first = [0.9 * old + 0.1 * new for old, new in zip(first, gradient, strict=True)]
        second = 0.99 * second + 0.01 * sum(each**2 for each in gradient) / 3
        scale = (second / (1 - 0.99**step)) ** 0.5 + 1e-8
        rate = 0.1 * (1 - (step - 1) / 20) / (1 - 0.9**step)
        w = [each - rate * moved / scale for each, moved in zip(w, first, strict=True)]
    assert _adaptive(hessians, starts, 20)[1, 0, 2] == pytest.approx(w)


def test_gradient_descent_in_closed_form() -> None:
    hessians, starts = quadratics.both(EIGENVALUES, np.random.default_rng(2))
    assert _descent(hessians, starts, 25)[0, 0] == pytest.approx((1 - 1.9 * EIGENVALUES) ** 25 * starts[0])


def test_only_adapting_to_each_coordinate_notices_a_rotation() -> None:
    found = measured(check())
    assert found["log_ratio"] > np.log(10)
    assert found["log_ratio_descent"] == pytest.approx(0, abs=1e-9)
    assert found["log_ratio_shared"] == pytest.approx(0, abs=1e-9)


def test_with_equal_curvature_nothing_is_left() -> None:
    made = check(condition=1.0)
    found = [measured(made, seed) for seed in range(10)]
    assert np.mean([each["log_ratio"] for each in found]) == pytest.approx(0, abs=0.5)
    assert found[0]["log_ratio_norm"] == pytest.approx(0, abs=1e-9)
    assert made.predicted(40)["norm"] == pytest.approx(40)


def test_the_rotated_norm_is_the_predicted_one_and_no_other() -> None:
    made = check(dimensions=100, iterations=1)
    norms = np.array([[measured(made, seed)["norm"]] for seed in range(10)])
    assert made.summary([100], {"norm": norms})["deviation_norm"] == pytest.approx(0, abs=0.02)
    halves = norms / made.predicted(100)["norm"] * (2 / np.pi) ** 0.5
    assert abs(halves.mean() - 1) > 0.03, "without the constant of the normal distribution it would be seen"


def test_the_mean_square_of_entries_off_the_diagonal() -> None:
    """The formula behind the predicted norm, by drawing."""
    size, random = 5, np.random.default_rng(3)
    values = np.geomspace(1, 0.01, size)
    turned = [quadratics.both(values, random)[0][1] for _ in range(4000)]
    found = np.mean([(each**2).sum() - (np.diag(each) ** 2).sum() for each in turned])
    assert found == pytest.approx((size * (values**2).sum() - values.sum() ** 2) / (size + 2), rel=0.02)
