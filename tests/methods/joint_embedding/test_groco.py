"""Cross-entropies of softly sorted cosines against slow loops, their order, and whom their gradient reaches."""

import itertools
import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.groco import GroCo
from pipeline.ops.sorting import soft_sort
from tests.kit.embeddings import several, units
from tests.kit.methods import batch, dot, made


@pytest.mark.parametrize("count", [2, 3])
def test_groco_equals_the_slow_loops(count):
    z = several(count, size=6)
    u, total = units(z), 0.0
    for x, i in itertools.product(range(count), range(6)):
        negatives = sorted(dot(u[x][i], u[x][j]) for j in range(6) if j != i)[-3:]
        positives = sorted(dot(u[x][i], u[k][i]) for k in range(count) if k != x)
        _, matrix = soft_sort(torch.tensor([negatives + positives], dtype=torch.float64), 1.5)
        for place, row in enumerate(matrix[0].tolist()):
            total -= math.log(sum(row[3:]) if place >= 3 else sum(row[:3])) / (count * 6 * (count + 2))
    found = GroCo(num_views=count, nearest=3, steepness=1.5).objective(*z)
    assert float(found) == pytest.approx(total, rel=1e-4)


def test_grocos_two_blocks_have_one_cross_entropy_and_order_lowers_it():
    z = several(2, size=6)
    _, matrix = soft_sort(torch.rand(5, 7), 1.0)
    torch.testing.assert_close(matrix[:, :, 4:].sum(2), 1 - matrix[:, :, :4].sum(2))
    together = float(GroCo(nearest=4).objective(z[0], z[0]))
    assert together < float(GroCo(nearest=4).objective(*z)) < float(GroCo(nearest=4).objective(z[0], -z[0]))
    steep = GroCo(nearest=4, steepness=1e6).objective(z[0], z[0])
    assert 0 <= float(steep) < 1e-4


def test_groco_reaches_anchors_only_through_the_nearest_negatives():
    # the other side of every pair is constant: with one image moved, only its own anchors have a gradient
    z = [view.requires_grad_() for view in several(2, size=6)]
    method = GroCo(nearest=2)
    u = [nn.functional.normalize(view) for view in z]
    (found,) = torch.autograd.grad(method.objective(*z), z[0], retain_graph=True)
    itself = torch.eye(6, dtype=torch.bool)
    nearest = (u[0] @ u[0].detach().T).masked_fill(itself, -9).sort(1).values[:, -2:]
    anchor = torch.cat([nearest, (u[0] * u[1].detach()).sum(1, keepdim=True)], 1)
    _, matrix = soft_sort(anchor, 1.0)
    mass = matrix[:, :, 2]
    loss = -torch.cat([1 - mass[:, :2], mass[:, 2:]], 1).log().mean() / 2
    (expected,) = torch.autograd.grad(loss, z[0])
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)


def test_embeddings_begin_apart():
    # all embeddings in one point are what the loss tends to from there
    method = made(GroCo)
    # as in the authors' code, whose last batch normalisation can neither stretch nor shift them together again
    assert not list(method.projector[-1].parameters())
    z = torch.cat(method.embed(batch().views))
    torch.testing.assert_close(z.mean(0), torch.zeros(6), atol=1e-5, rtol=0)
