"""Rotations keep lengths and come back, and SGD does not see them."""

import torch

from pipeline.methods.optimizer.momentum import Momentum
from pipeline.methods.optimizer.rotated_sgd import RotatedSGD
from tests.kit.optimizers import fresh, undecayed


def test_it_is_momentum():
    undecayed(fresh(RotatedSGD), fresh(Momentum))


def test_the_optimiser_moves_the_rotated_weights():
    method = fresh(RotatedSGD)
    weights = torch.cat([weight.detach().flatten() for weight in method.parameters()])
    torch.testing.assert_close(method.rotation.back(method.rotated), weights)
    assert (method.rotated - weights).abs().max() > 0.1
