"""NT-Xent against slow loops over all pairs, at indistinguishable views, and as DCL plus the coupling term."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.dcl import DCL
from pipeline.methods.joint_embedding.simclr import SimCLR
from tests.kit.methods import batch, loop_nt_xent, made, pair


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_nt_xent_equals_the_slow_loops(temperature):
    z = pair()
    found = float(SimCLR(temperature=temperature).objective(*z))
    assert found == pytest.approx(loop_nt_xent(*z, temperature), rel=1e-5)


def test_the_loss_is_nt_xent_of_the_heads_embeddings_of_both_views():
    method, data = made(SimCLR, batch_norm=False), batch()
    z = [method.projector(method.encoder(view)) for view in data.views]
    assert method.loss(data).item() == pytest.approx(loop_nt_xent(*z, 0.1), rel=1e-5)


def test_nt_xent_of_indistinguishable_views_is_the_log_of_the_candidates():
    z = torch.ones(6, 4)
    assert float(SimCLR().objective(z, z)) == pytest.approx(math.log(2 * 6 - 1), rel=1e-5)


def test_nt_xent_is_dcl_and_the_coupling_term():
    z1, z2 = (nn.functional.normalize(z.double()) for z in pair())
    both, coupling = torch.cat([z1, z2]), 0.0
    for i in range(14):
        negatives = sum(math.exp(float(both[i] @ both[j]) / 0.1) for j in range(14) if j % 7 != i % 7)
        coupling += math.log1p(math.exp(float(both[i] @ both[(i + 7) % 14]) / 0.1) / negatives) / 14
    assert float(SimCLR().objective(z1, z2)) == pytest.approx(float(DCL().objective(z1, z2)) + coupling, rel=1e-5)
