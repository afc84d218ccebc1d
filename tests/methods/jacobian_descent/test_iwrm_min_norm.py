"""The shortest point of a convex hull, by where it meets each of its corners."""

import pytest
import torch

from pipeline.methods.jacobian_descent.iwrm_min_norm import IwrmMinNorm
from tests.methods.jacobian_descent.test_iwrm_upgrad import EXACT, rows, unit_gram


@pytest.mark.parametrize("seed", range(3))
def test_no_corner_is_nearer_to_the_origin_along_the_shortest(seed):
    """x is the shortest of a hull where <x, corner> >= |x|^2 for all corners, with equality for those it is made of."""
    jacobian = rows(6, 20, seed)
    weights = IwrmMinNorm(regularisation=EXACT).weights(unit_gram(jacobian))
    assert weights.min() >= 0 and weights.sum().item() == pytest.approx(1.0)
    shortest = weights @ jacobian
    along = jacobian @ shortest - shortest @ shortest
    assert along.min() > -1e-9 and along[weights > 1e-6].abs().max() < 1e-9


def test_of_two_orthogonal_gradients_the_shorter_leads():
    jacobian = torch.tensor([[1.0, 0.0], [0.0, 3.0]], dtype=torch.float64)
    weights = IwrmMinNorm(regularisation=EXACT).weights(unit_gram(jacobian))
    torch.testing.assert_close(weights, torch.tensor([0.9, 0.1], dtype=torch.float64))
