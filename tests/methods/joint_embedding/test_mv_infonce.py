"""One term an image over all pairs of views against slow loops, and for two views what it adds to NT-Xent."""

import itertools
import math

import pytest
import torch

from pipeline.methods.joint_embedding.mv_infonce import MVInfoNCE
from tests.kit.embeddings import several, units
from tests.kit.methods import dot, loop_nt_xent, pair


@pytest.mark.parametrize("count", [2, 3, 4])
def test_mv_infonce_equals_the_slow_loops(count):
    z = several(count)
    u, total = units(z), 0.0
    for i in range(5):
        above = below = 0.0
        for view, m, j in itertools.product(range(count), range(count), range(5)):
            similarity = math.exp(dot(u[view][i], u[m][j]) / 0.2)
            above += similarity if j == i and m != view else 0
            below += similarity if (j, m) != (i, view) else 0
        total -= math.log(above / below) / 5
    assert float(MVInfoNCE(temperature=0.2).objective(*z)) == pytest.approx(total, rel=1e-5)


def test_mv_infonce_of_two_views_pools_the_denominators_of_nt_xent():
    z = pair()
    u, gap = units(z), 0.0
    for i in range(7):
        both = []
        for view in (0, 1):
            candidates = [(v, j) for v in (0, 1) for j in range(7) if (v, j) != (view, i)]
            both.append(sum(math.exp(dot(u[view][i], u[v][j]) / 0.1) for v, j in candidates))
        gap += (math.log(sum(both) / 2) - (math.log(both[0]) + math.log(both[1])) / 2) / 7
    assert gap > 1e-3
    assert float(MVInfoNCE().objective(*z)) == pytest.approx(loop_nt_xent(*z, 0.1) + gap, rel=1e-5)


def test_views_whose_denominators_agree_cost_what_nt_xent_says_and_turning_all_changes_nothing():
    z = pair()
    assert float(MVInfoNCE().objective(z[0], z[0])) == pytest.approx(loop_nt_xent(z[0], z[0], 0.1), rel=1e-5)
    turn = torch.linalg.qr(torch.randn(5, 5)).Q
    turned = float(MVInfoNCE().objective(*(view @ turn for view in z)))
    assert turned == pytest.approx(float(MVInfoNCE().objective(*z)), rel=1e-4)
