"""Squared distances to the momentum network's projections by slow loops, and SimSiam where that network is the same."""

import copy

import pytest
import torch
from torch import nn

from pipeline.methods.self_distillation.byol import BYOL
from pipeline.methods.self_distillation.simsiam import SimSiam
from tests.kit.embeddings import layer_names, predictions_and_projections
from tests.kit.methods import SIZE, batch, made, unit


def test_byol_equals_the_slow_loops_with_targets_of_its_momentum_network():
    method, data = made(BYOL), batch()
    with torch.no_grad():
        method.target[1][0].weight.mul_(-1.5).add_(0.1)
        targets = [part.double().tolist() for part in method.target(torch.cat(data.views)).chunk(2)]
    (p1, p2), _ = predictions_and_projections(method, data)
    expected = 0.0
    for prediction, target in ((p1, targets[1]), (p2, targets[0])):
        for p, z in zip(prediction, target, strict=True):
            expected += sum((a - b) ** 2 for a, b in zip(unit(p), unit(z), strict=True)) / (2 * SIZE)
    assert method.loss(data).item() == pytest.approx(expected, rel=1e-5)


def test_byol_with_a_target_that_is_the_online_network_is_simsiam():
    """Up to 2 + 2 D, and with SimSiam's heads."""
    method, data = made(SimSiam, batch_norm=False), batch()
    other = made(BYOL, batch_norm=False)
    other.encoder, other.projector, other.predictor = method.encoder, method.projector, method.predictor
    other.target = copy.deepcopy(nn.Sequential(method.encoder, method.projector))
    assert other.loss(data).item() == pytest.approx(2 + 2 * method.loss(data).item(), rel=1e-5)


def test_projector_and_predictor_have_one_hidden_layer_and_no_last_bias():
    method = made(BYOL)
    for head in (method.projector, method.predictor):
        assert layer_names(head) == ["Linear", "BatchNorm1d", "ReLU", "Linear"] and head[-1].bias is None
