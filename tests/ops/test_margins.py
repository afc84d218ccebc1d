"""The widened angle through arccos, its slope at the edges, and ArcFace's target as the same function."""

import math

import torch

from pipeline.methods.margin_softmax.arcface import ArcFace
from pipeline.ops.margins import widened


def test_the_angle_grows_by_the_margin_up_to_a_half_turn():
    cosines = torch.linspace(-0.999, 0.999, 41, dtype=torch.float64)
    for cosine, found in zip(cosines.tolist(), widened(cosines, 0.4).tolist(), strict=True):
        angle = math.acos(cosine)
        expected = math.cos(angle + 0.4) if angle + 0.4 < math.pi else cosine - 0.4 * math.sin(0.4)
        assert math.isclose(found, expected, abs_tol=1e-6)


def test_the_angular_margin_is_arcfaces_and_falls_with_the_angle():
    cosines = torch.linspace(-1, 1, 401)
    torch.testing.assert_close(widened(cosines, 0.4), ArcFace(margin=0.4).target(cosines))
    assert (widened(cosines, 0.4).diff() > 0).all()
    edge = torch.tensor([1.0, -1.0], requires_grad=True)
    widened(edge, 0.4).sum().backward()
    assert edge.grad.isfinite().all()
