"""Diagonal networks by automatic gradients, their trace as a norm, and what larger steps do."""

import numpy as np
import pytest
import torch

from pipeline.methods.theory.sgd_diagonal_net import SgdDiagonalNet, trained


def settings(**changes: object) -> SgdDiagonalNet:
    given = {"examples": 20, "inputs": 40, "sparse": 3, "small": 0.006, "large": 0.027, "iterations": 1000}
    return SgdDiagonalNet(**{**given, **changes})


def test_steps_are_those_of_automatic_gradients() -> None:
    random = np.random.default_rng(0)
    inputs, targets, order = random.normal(size=(5, 4)), random.normal(size=5), random.integers(5, size=8)
    rates = np.array([0.01, 0.05] * 2)
    found = trained(inputs, targets, rates, order)
    x, y = torch.from_numpy(inputs), torch.from_numpy(targets)
    for row in range(4):
        parameters = torch.full((2, 4), 0.5, dtype=torch.float64)
        for example in order:
            parameters.requires_grad_()
            losses = (x @ (parameters[0] ** 2 - parameters[1] ** 2) - y) ** 2 / 2
            gradient = torch.autograd.grad(losses[example] if row < 2 else losses.mean(), parameters)[0]
            parameters = (parameters - rates[row] * gradient).detach()
        assert [found[0][row], found[1][row]] == pytest.approx(parameters.numpy(), rel=1e-9)


def test_the_trace_of_the_hessian_at_zero_loss_is_a_norm_of_the_parameters() -> None:
    random = np.random.default_rng(0)
    x, u, v = torch.from_numpy(random.normal(size=(6, 3))), *torch.from_numpy(random.normal(size=(2, 3)))
    y = x @ (u**2 - v**2)

    def loss(parameters: torch.Tensor) -> torch.Tensor:
        return ((x @ (parameters[:3] ** 2 - parameters[3:] ** 2) - y) ** 2 / 2).mean()

    trace = torch.autograd.functional.hessian(loss, torch.cat([u, v])).trace()
    assert float(trace) == pytest.approx(float(4 * ((u**2 + v**2) * (x**2).mean(0)).sum()))


def test_larger_steps_of_sgd_end_in_smaller_norms_and_those_of_descent_do_not() -> None:
    check = settings()
    found = [check.measure(check.draw(1, np.random.default_rng(i)), 1) for i in range(12)]
    mean = {name: np.mean([each[name] for each in found]) for name in found[0]}
    assert mean["violation"] == 0 and mean["level"] < 0.8
    assert mean["level_descent"] > 1, "the bound is left where steps see all examples"
    assert mean["log_ratio"] < -0.3 and abs(mean["log_ratio_descent"]) < 0.05


def test_both_fit_their_examples() -> None:
    check = settings()
    inputs, order = check.draw(1, np.random.default_rng(0))
    targets = inputs[:, :3].sum(1)
    u, v = trained(inputs, targets, np.array([0.006, 0.027] * 2), order)
    assert ((u**2 - v**2) @ inputs.T - targets) == pytest.approx(0, abs=0.05)


def test_equal_steps_make_no_difference() -> None:
    check = settings(small=0.01, large=0.01, iterations=100)
    found = check.measure(check.draw(1, np.random.default_rng(0)), 1)
    assert found["log_ratio"] == found["log_ratio_descent"] == 0
