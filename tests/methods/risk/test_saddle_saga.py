"""The saddle-point method against tables of whole gradients."""

import numpy as np
import pytest
import torch

from pipeline.methods.risk.saddle_saga import SaddleSaga
from tests.kit import risk as kit


@pytest.mark.parametrize("classes", [0, 3])
def test_against_tables_of_whole_gradients(classes):
    method = kit.made(SaddleSaga, kit.RISK, classes)
    problem, rate, n = kit.problem(method), 0.8, kit.N
    sigma, w = kit.RISK.spectrum(n), np.zeros(problem.shape)
    losses, slopes = problem.parts(w)
    gradients = np.einsum("nd,nk->ndk", problem.rows, slopes)
    q = sigma[np.argsort(np.argsort(losses, kind="stable"), kind="stable")]
    rho = q.copy()
    for i in kit.drawn(4, 6, 5):
        loss, slope = problem.part(w, i)
        g = np.outer(problem.rows[i], slope)
        total = sum(rho[j] * gradients[j] for j in range(n))
        w = (w - rate * (n * q[i] * g - n * rho[i] * gradients[i] + total)) / (1 + rate * 0.05)
        rho[i], gradients[i] = q[i], g
        upward, step = losses.copy(), rate / n
        upward[i] += n * (loss - losses[i])
        losses[i] = loss
        q = kit.slow_weights(q + step * upward - 1 / n, sigma, (1 + step * n * 0.7) / n)
    torch.manual_seed(5)
    for _ in range(4):
        kit.step(method, rate)
    np.testing.assert_allclose(kit.weights(method), w, atol=1e-12)


def test_it_comes_to_the_minimum():
    assert kit.gap(SaddleSaga, 0.05) < 1e-4


def test_eight_examples_of_one_step_of_weights_are_about_eight_steps():
    found = []
    for renewal in (1, 8):
        method = kit.made(SaddleSaga, kit.RISK, renewal=renewal, dual=0.01)
        torch.manual_seed(3)
        for _ in range(4):
            kit.step(method, 0.1)
        found.append(method.get_buffer("q").numpy().copy())
    np.testing.assert_allclose(*found, atol=1e-4)
    assert np.abs(found[0] - found[1]).max() > 0


def test_resumed_is_uninterrupted():
    kit.resumes(SaddleSaga)
