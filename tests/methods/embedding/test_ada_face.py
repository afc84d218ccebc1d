"""The margin by loops over lengths; its limits are CosFace and, for the worst image, ArcFace; averages over steps."""

import math

import pytest
import torch

from pipeline.methods.embedding.ada_face import AdaFace
from pipeline.methods.margin_softmax.arcface import ArcFace
from pipeline.methods.margin_softmax.cosface import CosFace
from tests.kit.losses import cross_entropy
from tests.kit.metric_learning import LABELS, centred, directions, matrix, points, rows, value


@pytest.mark.parametrize("settings", [{}, {"margin": 0.6, "concentration": 2.0, "scale": 10.0}])
def test_ada_face(settings):
    method, total = centred(AdaFace, **settings), 0.0
    m, s, h = method.margin, method.scale, method.concentration
    lengths = [math.sqrt(sum(x * x for x in z)) for z in points().tolist()]
    mean = sum(lengths) / 12
    deviation = math.sqrt(sum((n - mean) ** 2 for n in lengths) / 11)
    for n, row, y in zip(lengths, rows(points(), directions()), LABELS.tolist(), strict=True):
        z = min(1.0, max(-1.0, h * (n - mean) / (deviation + 1e-3)))
        angle = min(math.pi - 1e-3, max(1e-3, math.acos(row[y]) - m * z))
        target = math.cos(angle) - m - m * z
        total += cross_entropy([s * (target if k == y else c) for k, c in enumerate(row)], y)
    assert value(method) == pytest.approx(total / 12)


def test_where_quality_does_not_count_it_is_cosface():
    s = 0.9 * matrix(points(), directions())
    found = AdaFace.centre_loss(centred(AdaFace, concentration=0.0), s, LABELS, points())
    torch.testing.assert_close(found, CosFace(scale=64.0, margin=0.4).objective(64.0 * s, LABELS))


class Worst(AdaFace):
    def quality(self, lengths):
        return -torch.ones_like(lengths)


def test_for_the_worst_image_it_is_arcface():
    s = 0.9 * matrix(points(), directions())
    found = centred(Worst).centre_loss(s, LABELS, points())
    torch.testing.assert_close(found, ArcFace(scale=64.0, margin=0.4).objective(64.0 * s, LABELS))


def test_averages_are_those_of_the_batches_so_far():
    method, make = centred(AdaFace, average_rate=0.25).float(), torch.Generator().manual_seed(0)
    mean = deviation = None
    for step in range(4):
        z = (1 + step) * torch.randn(12, 5, generator=make)
        method.centre_loss(torch.zeros(12, 6), LABELS, z)
        lengths = z.norm(dim=1)
        mean = lengths.mean() if mean is None else 0.75 * mean + 0.25 * lengths.mean()
        deviation = lengths.std() if deviation is None else 0.75 * deviation + 0.25 * lengths.std()
    torch.testing.assert_close(method.mean, mean)
    torch.testing.assert_close(method.deviation, deviation)


def test_quality_has_no_gradient_and_steers_the_margin():
    s, z = 0.5 * matrix(points(), directions()), points().requires_grad_()
    method = centred(AdaFace)
    assert not method.centre_loss(s, LABELS, z).requires_grad
    # of two images with the same angle, more is taken off the one that is longer
    longer = centred(AdaFace).quality(torch.tensor([3.0, 9.0, 3.0], dtype=torch.float64))
    assert longer[1] > 0 > longer[0] and (longer.abs() <= 1).all()
    assert torch.equal(method.qualities(z.detach()), z.detach().norm(dim=1))
