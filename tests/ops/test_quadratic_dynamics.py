"""Models that are quadratic in the parameters: by loops, by automatic gradients, and by what is conserved."""

import numpy as np
import pytest
import torch

from pipeline.ops.quadratic_dynamics import Pair, descended, settled


def pairs(target: float = 0.0, eps: float = 0.1) -> Pair:
    random = np.random.default_rng(0)
    return Pair.started(random.uniform(1.2, 2, 5), random.uniform(-0.5, 0, 5), eps, target)


def test_a_pair_starts_where_it_should() -> None:
    start = Pair.started(np.array([1.5]), np.array([-0.3]), 0.1, 0.2)
    assert start.first**2 == pytest.approx(1.5)
    assert start.residual == pytest.approx(-0.3)


@pytest.mark.parametrize(("radius", "normalised"), [(0.0, False), (0.3, False), (0.3, True)])
@pytest.mark.parametrize("target", [0.0, 0.4])
def test_steps_are_those_of_automatic_gradients(radius: float, normalised: bool, target: float) -> None:
    start, rate = pairs(target), 0.7
    found = settled(start, rate, 7, radius, normalised)
    for i in range(5):
        theta = torch.tensor([start.first[i], start.second[i]])

        def gradient(at: torch.Tensor) -> torch.Tensor:
            at = at.clone().requires_grad_()
            loss = ((at[0] ** 2 - 0.1 * at[1] ** 2) / 2 - target) ** 2 / 2
            return torch.autograd.grad(loss, at)[0]

        for _ in range(7):
            ascent = gradient(theta)
            theta = theta - rate * gradient(theta + radius * ascent / (ascent.norm() if normalised else 1))
        assert [found.first[i], found.second[i]] == pytest.approx(theta.tolist(), rel=1e-9)


def test_another_step_size_is_another_unit() -> None:
    """With eta: z, theta^2 and lambda divided by it, and the radius multiplied."""
    start, rate = pairs(), 0.25
    scaled = start._replace(first=start.first / rate**0.5, second=start.second / rate**0.5)
    found, expected = settled(scaled, rate, 50, 0.2 * rate), settled(start, 1.0, 50, 0.2)
    assert found.curvature * rate == pytest.approx(expected.curvature, rel=1e-8)


def test_small_steps_conserve_what_gradient_flow_does() -> None:
    start = pairs()
    end = settled(start, 1e-3, 20_000)
    kept = [pair.first**pair.eps * pair.second for pair in (start, end)]
    assert kept[1] == pytest.approx(kept[0], rel=1e-3)
    assert np.abs(end.residual).max() < 1e-6


@pytest.mark.parametrize("steps", [1, 6])
def test_residuals_and_jacobian_are_those_of_parameters(steps: int) -> None:
    """z_d = c_d + J_d . theta + theta^T Q_d theta / 2, descended in theta, by loops."""
    random, d, p, rate = np.random.default_rng(0), 3, 4, 0.1
    second = random.normal(size=(d, p, p))
    second = second + second.transpose(0, 2, 1)
    jacobian, residuals, theta = random.normal(size=(d, p)), random.normal(size=d), np.zeros(p)

    def at(theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        z = [residuals[k] + jacobian[k] @ theta + theta @ second[k] @ theta / 2 for k in range(d)]
        return np.array(z), np.array([jacobian[k] + second[k] @ theta for k in range(d)])

    for _ in range(steps):
        z, j = at(theta)
        theta = theta - rate * sum(z[k] * j[k] for k in range(d))
    found = descended(residuals, jacobian, second, rate, steps)
    for got, expected in zip(found, at(theta), strict=True):
        assert got == pytest.approx(expected, rel=1e-8)
