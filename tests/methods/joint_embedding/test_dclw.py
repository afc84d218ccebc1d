"""The weighted loss against slow loops with the von Mises-Fisher weights spelled out, and its limit DCL."""

import math

import pytest
import torch

from pipeline.methods.joint_embedding.dcl import DCL
from pipeline.methods.joint_embedding.dclw import DCLW
from tests.kit.embeddings import anchors
from tests.kit.methods import dot, pair


@pytest.mark.parametrize("sigma", [0.2, 0.5])
def test_dclw_equals_the_slow_loops(sigma):
    z, total = pair(), 0.0
    expected = sum(math.exp(dot(anchor, positive) / sigma) for anchor, positive, _ in anchors(z)) / 14
    for anchor, positive, negatives in anchors(z):
        weight = 2 - math.exp(dot(anchor, positive) / sigma) / expected
        total -= weight * dot(anchor, positive) / 0.1 / 14
        total += math.log(sum(math.exp(dot(anchor, other) / 0.1) for other in negatives)) / 14
    assert float(DCLW(sigma=sigma).objective(*z)) == pytest.approx(total, rel=1e-5)


def test_dclw_tends_to_dcl_as_sigma_grows_and_its_weights_average_one():
    z = pair()
    assert float(DCLW(sigma=1e5).objective(*z)) == pytest.approx(float(DCL().objective(*z)), rel=1e-4)
    weights = DCLW().weights(torch.tensor([0.9, -0.3, 0.1, 0.5] * 2))
    assert float(weights.mean()) == pytest.approx(1.0, rel=1e-6)
    assert weights.argmax() == 1 and weights.argmin() == 0
