"""Attraction in one term and repulsion within each view against slow loops, and the closed form of equal embeddings."""

import itertools
import math

import pytest
import torch
from torch.nn.functional import cosine_similarity

from pipeline.methods.joint_embedding.mv_dhel import MVDHEL
from tests.kit.embeddings import several, units
from tests.kit.methods import dot, pair


@pytest.mark.parametrize("count", [2, 3, 4])
def test_mv_dhel_equals_the_slow_loops(count):
    z = several(count)
    u, total = units(z), 0.0
    for i in range(5):
        above = sum(math.exp(dot(u[a][i], u[b][i]) / 0.2) for a, b in itertools.combinations(range(count), 2))
        below = 1.0
        for view in u:
            below *= sum(math.exp(dot(view[i], view[j]) / 0.2) for j in range(5) if j != i)
        total -= math.log(above / below) / 5
    assert float(MVDHEL(temperature=0.2).objective(*z)) == pytest.approx(total, rel=1e-5)


def test_mv_dhel_of_indistinguishable_embeddings():
    one = torch.ones(6, 4)
    expected = -math.log(6) - 10 + 4 * (math.log(5) + 10)
    assert float(MVDHEL().objective(one, one, one, one)) == pytest.approx(expected, rel=1e-5)


def test_turning_one_view_moves_the_attraction_alone():
    z1, z2 = pair()
    turn = torch.linalg.qr(torch.randn(5, 5)).Q
    alike = [cosine_similarity(z1, other).mean() / 0.1 for other in (z2, z2 @ turn)]
    losses = [float(MVDHEL().objective(z1, other)) for other in (z2, z2 @ turn)]
    assert losses[1] - losses[0] == pytest.approx(float(alike[0] - alike[1]), rel=1e-4)
