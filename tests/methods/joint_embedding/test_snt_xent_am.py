"""NT-Xent with a margin in cosine against slow loops, and without a margin NT-Xent itself."""

import pytest

from pipeline.methods.joint_embedding.snt_xent_am import SNTXentAM
from tests.kit.embeddings import anchors, info_nce
from tests.kit.methods import dot, loop_nt_xent, pair


def test_a_margin_in_cosine_equals_the_slow_loops():
    z, total = pair(), 0.0
    for anchor, positive, negatives in anchors(z):
        total += info_nce(dot(anchor, positive) - 0.3, [dot(anchor, other) for other in negatives], 0.2) / 14
    assert float(SNTXentAM(margin=0.3, temperature=0.2).objective(*z)) == pytest.approx(total, rel=1e-5)


def test_without_a_margin_it_is_nt_xent_and_a_margin_costs():
    z = pair()
    losses = [float(SNTXentAM(margin=margin, temperature=0.1).objective(*z)) for margin in (0.0, 0.2, 0.4)]
    assert losses[0] == pytest.approx(loop_nt_xent(*z, 0.1), rel=1e-5)
    assert losses[0] < losses[1] < losses[2]
