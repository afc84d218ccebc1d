"""Variance reduction by checkpoints, step by step."""

import numpy as np
import torch

from pipeline.methods.risk.lsvrg import Lsvrg
from tests.kit import risk as kit


def test_checkpoints_are_after_n_steps_and_count_as_gradients():
    method = kit.made(Lsvrg, kit.RISK)
    problem, n, rate = kit.problem(method), kit.N, 0.4
    w = np.zeros(problem.shape)
    torch.manual_seed(7)
    places = [place for _ in range(10) for place in torch.randint(n, (3,)).tolist()]
    for t, i in enumerate(places):
        if t % n == 0:
            losses, old = problem.parts(w)
            q = kit.RISK.weights(losses)
            full = problem.gradient(q, old)
        slope = problem.part(w, i)[1]
        w = w - rate * (n * q[i] * np.outer(problem.rows[i], slope - old[i]) + full + kit.RISK.l2 * w)
    torch.manual_seed(7)
    for _ in range(10):
        kit.step(method, rate)
    np.testing.assert_allclose(kit.weights(method), w, atol=1e-13)
    assert float(method.get_buffer("gradients")) == 2 * n + 30


def test_it_comes_to_the_minimum():
    assert kit.gap(Lsvrg, 0.3) < 1e-4


def test_resumed_is_uninterrupted():
    kit.resumes(Lsvrg)
