"""Steps on batches of their own risk."""

import numpy as np

from pipeline.methods.risk.sgd_risk import SgdRisk
from tests.kit import risk as kit


def test_a_batch_of_all_examples_steps_along_the_risks_gradient():
    method = kit.made(SgdRisk, kit.RISK)
    problem = kit.problem(method)
    kit.step(method, 0.5, kit.N)
    before = kit.weights(method)
    kit.step(method, 0.5, kit.N)
    losses, slopes = problem.parts(before)
    gradient = problem.rows.T @ (kit.RISK.weights(losses)[:, None] * slopes) + kit.RISK.l2 * before
    np.testing.assert_allclose(kit.weights(method), before - 0.5 * gradient, atol=1e-13)


def test_batches_of_their_own_risk_lead_past_the_minimum():
    assert kit.gap(SgdRisk, 0.1) > 1e-4


def test_who_goes_astray_stays_there():
    method = kit.made(SgdRisk, kit.RISK, 0)
    for _ in range(200):
        kit.step(method, 500.0)
    there = kit.weights(method)
    assert np.isfinite(there).all()
    kit.step(method, 500.0)
    np.testing.assert_array_equal(kit.weights(method), there)


def test_resumed_is_uninterrupted():
    kit.resumes(SgdRisk)
