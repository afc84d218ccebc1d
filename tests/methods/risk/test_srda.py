"""Dual averaging answers the mean of all gradients seen."""

import numpy as np

from pipeline.methods.risk.srda import Srda
from tests.kit import risk as kit


def test_dual_averaging_answers_the_mean_gradient():
    method = kit.made(Srda, kit.RISK)
    problem = kit.problem(method)
    w, seen = np.zeros(problem.shape), []
    for number in range(4):
        places = np.arange(6 * number, 6 * number + 6) % kit.N
        losses, slopes = problem.parts(w, places)
        seen.append(problem.rows[places].T @ (kit.RISK.weights(losses)[:, None] * slopes))
        w = -np.mean(seen, 0) / (kit.RISK.l2 + 1 / (0.9 * len(seen)))
        kit.step(method, 0.9, start=6 * number)
    np.testing.assert_allclose(kit.weights(method), w, atol=1e-13)


def test_resumed_is_uninterrupted():
    kit.resumes(Srda)
