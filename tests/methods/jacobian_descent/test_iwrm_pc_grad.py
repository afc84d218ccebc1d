"""The algorithm on vectors, gradient by gradient, in the orders that the method draws."""

import torch

from pipeline.methods.jacobian_descent.iwrm_pc_grad import IwrmPcGrad
from tests.methods.jacobian_descent.test_iwrm_upgrad import rows, unit_gram


def test_against_the_algorithm_on_vectors():
    jacobian = rows(5, 4, 2)
    torch.manual_seed(7)
    orders = torch.rand(5, 5).argsort(1).tolist()
    total = torch.zeros(4, dtype=torch.float64)
    for own, order in enumerate(orders):
        moved = jacobian[own].clone()
        for other in order:
            along = float(moved @ jacobian[other])
            if other != own and along < 0:
                moved -= along / float(jacobian[other] @ jacobian[other]) * jacobian[other]
        total += moved / 5
    torch.manual_seed(7)
    torch.testing.assert_close(IwrmPcGrad().weights(unit_gram(jacobian)) @ jacobian, total)


def test_of_two_gradients_in_conflict_each_keeps_what_the_other_does_not_mind():
    jacobian = torch.tensor([[1.0, 0.0], [-1.0, 1.0]], dtype=torch.float64)
    update = IwrmPcGrad().weights(unit_gram(jacobian)) @ jacobian
    torch.testing.assert_close(update, torch.tensor([0.25, 0.75], dtype=torch.float64))


def test_without_conflict_it_is_the_mean():
    weights = IwrmPcGrad().weights(unit_gram(rows(4, 6).abs()))
    torch.testing.assert_close(weights, torch.full((4,), 0.25, dtype=torch.float64))
