"""NT-Xent with a margin in angle against slow loops through arccos, and without a margin NT-Xent itself."""

import math

import pytest

from pipeline.methods.joint_embedding.snt_xent_aam import SNTXentAAM
from tests.kit.embeddings import anchors, info_nce
from tests.kit.methods import dot, loop_nt_xent, pair


@pytest.mark.parametrize("margin", [0.3, 1.5])
def test_a_margin_in_angle_equals_the_slow_loops(margin):
    z, total, beyond = pair(), 0.0, 0
    for anchor, positive, negatives in anchors(z):
        angle = math.acos(dot(anchor, positive))
        if angle + margin > math.pi:
            target, beyond = math.cos(angle) - margin * math.sin(margin), beyond + 1
        else:
            target = math.cos(angle + margin)
        total += info_nce(target, [dot(anchor, other) for other in negatives], 0.2) / 14
    assert (beyond > 0) == (margin > 1), "both branches are met"
    assert float(SNTXentAAM(margin=margin, temperature=0.2).objective(*z)) == pytest.approx(total, rel=1e-5)


def test_without_a_margin_it_is_nt_xent_and_a_margin_costs():
    z = pair()
    losses = [float(SNTXentAAM(margin=margin, temperature=0.1).objective(*z)) for margin in (0.0, 0.2, 0.4)]
    assert losses[0] == pytest.approx(loop_nt_xent(*z, 0.1), rel=1e-5)
    assert losses[0] < losses[1] < losses[2]
