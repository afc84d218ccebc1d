"""The decoupled loss against slow loops without the positive in the denominator, and its gradient beside NT-Xent's."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.dcl import DCL
from pipeline.methods.joint_embedding.simclr import SimCLR
from tests.kit.embeddings import anchors
from tests.kit.methods import dot, pair


@pytest.mark.parametrize("temperature", [0.1, 0.5])
def test_dcl_equals_the_slow_loops(temperature):
    z, total = pair(), 0.0
    for anchor, positive, negatives in anchors(z):
        total -= dot(anchor, positive) / temperature / 14
        total += math.log(sum(math.exp(dot(anchor, other) / temperature) for other in negatives)) / 14
    assert float(DCL(temperature=temperature).objective(*z)) == pytest.approx(total, rel=1e-5)


def test_the_gradient_of_dcl_does_not_vanish_where_that_of_nt_xent_does():
    # an easy positive and few negatives: the coupling that DCL removes
    size = []
    for cls in (SimCLR, DCL):
        z1 = torch.tensor([[1.0, 0.0], [-1.0, 0.1]], requires_grad=True)
        z2 = torch.tensor([[1.0, 0.01], [-1.0, 0.0]])
        cls().objective(z1, z2).backward()
        size.append(float(z1.grad.norm()))
    assert size[1] > 100 * size[0]
