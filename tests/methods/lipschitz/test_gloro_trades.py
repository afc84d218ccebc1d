"""The loss by loops with its divergence written out; weight 0; radius 0."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.lipschitz.gloro_trades import GloroTRADES
from tests.kit.certified import SmallLipschitz, built, pixels
from tests.kit.classifiers import STD
from tests.kit.losses import log_softmax


def made(**settings):
    method = built(GloroTRADES, SmallLipschitz, **{"radius": 0.2, "iterations": 300, **settings}).double()
    method.progress = 0.3
    data = pixels()
    data.views = [data.views[0].double()]
    return method, data


@pytest.mark.parametrize("weight", [0.5, 2.0])
def test_against_loops(weight):
    method, data = made(weight=weight)
    bound = method.encoder.exact().item() / STD
    rows = [row / row.norm() for row in method.head.weight]
    reach, total, seen = 0.2 * (0.1 + 1.4 * 0.6), 0.0, 0
    for z, y in zip(method.logits(method.encoder(data.views[0])).tolist(), data.labels.tolist(), strict=True):
        c = max(range(3), key=lambda k: z[k])
        seen += c != y
        others = [z[j] + reach * bound * (rows[j] - rows[c]).norm().item() for j in range(3) if j != c]
        p, q = log_softmax(z), log_softmax([*z, max(others)])
        divergence = sum(math.exp(a) * (a - b) for a, b in zip(p, q[:3], strict=True))
        total += -p[y] + weight * divergence
    assert seen
    assert method.loss(data).item() == pytest.approx(total / 12, rel=1e-4)


def test_weight_zero_is_cross_entropy_and_the_second_term_grows_with_the_radius():
    method, data = made(weight=0.0)
    plain = F.cross_entropy(method.logits(method.encoder(data.views[0])), data.labels)
    torch.testing.assert_close(method.loss(data), plain)
    found = [made(weight=1.0, radius=radius)[0].loss(data).item() for radius in (0.0, 0.1, 0.5)]
    assert plain.item() < found[0] < found[1] < found[2]
