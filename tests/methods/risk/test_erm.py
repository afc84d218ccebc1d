"""The mean in place of the risk: SAGA."""

import numpy as np
import torch

from pipeline.methods.risk.erm import Erm
from pipeline.methods.risk.prospect import Prospect
from pipeline.ops.spectral_risk import Risk, minimum
from tests.kit import risk as kit


def test_with_even_weights_it_is_saga_of_the_mean():
    found = {}
    for key, name in ((Erm, "superquantile"), (Prospect, "mean")):
        method = kit.made(key, Risk(name, 0.5, 0.7, 0.05))
        torch.manual_seed(2)
        for _ in range(5):
            kit.step(method, 0.5)
        found[key] = kit.weights(method)
    np.testing.assert_allclose(found[Erm], found[Prospect], atol=1e-13)


def test_it_comes_to_the_mean_loss_minimum():
    method = kit.made(Erm, kit.RISK)
    mean = kit.problem(kit.made(Prospect, Risk("mean", 0.5, 0.7, 0.05)))
    torch.manual_seed(0)
    for _ in range(400):
        kit.step(method, 0.5)
    assert mean.value(kit.weights(method)) - minimum(mean)[0] < 1e-8
    problem = kit.problem(method)
    assert problem.value(kit.weights(method)) - minimum(problem)[0] > 1e-4


def test_resumed_is_uninterrupted():
    kit.resumes(Erm)
