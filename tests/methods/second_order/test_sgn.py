"""Conjugate gradients: with enough iterations the exact step, with one the best step down the gradient."""

import torch

from pipeline.methods.second_order.egn import EGN
from pipeline.methods.second_order.sgn import SGN
from tests.kit.classifiers import doubled
from tests.kit.methods import batch
from tests.methods.second_order.test_egn import RATE, doubly, entries, model, stepped


def test_with_many_iterations_it_is_the_exact_step():
    exact, found = doubly(EGN, damping=0.1), doubly(SGN, damping=0.1, iterations=60)
    for seed in range(3):
        data = doubled(batch(("full",), seed=seed))
        stepped(exact, data)
        stepped(found, data)
    torch.testing.assert_close(entries(found.parameters()), entries(exact.parameters()), rtol=1e-6, atol=1e-9)
    few = doubly(SGN, damping=0.1)
    stepped(few, data)
    assert not torch.allclose(entries(few.parameters()), entries(found.parameters()))


def test_one_iteration_goes_down_the_gradient_to_the_lowest_point_of_the_model():
    data, method = doubled(batch(("full",), size=5)), doubly(SGN, damping=0.1, iterations=1)
    gradient, matrix = model(method, data)
    start = entries(method.parameters())
    length = gradient @ gradient / (gradient @ matrix @ gradient + 0.1 * gradient @ gradient)
    stepped(method, data)
    torch.testing.assert_close(start - entries(method.parameters()), RATE * length * gradient)
