"""Sums over a batch for every proxy, by loops; proxies learn at a rate of their own."""

import math

import pytest
import torch

from pipeline.methods.embedding.proxy_anchor import ProxyAnchor
from tests.kit.methods import batch, made, step
from tests.kit.metric_learning import CLASSES, LABELS, centred, directions, points, rows, value


@pytest.mark.parametrize("settings", [{}, {"alpha": 5.0, "delta": 0.3}])
def test_proxy_anchor(settings):
    method, cosines, y = centred(ProxyAnchor, **settings), rows(points(), directions()), LABELS.tolist()
    near, far = [], []
    for p in range(CLASSES):
        own = [math.exp(-method.alpha * (cosines[i][p] - method.delta)) for i in range(12) if y[i] == p]
        others = [math.exp(method.alpha * (cosines[i][p] + method.delta)) for i in range(12) if y[i] != p]
        near += [math.log(1 + sum(own))] if own else []
        far.append(math.log(1 + sum(others)))
    assert len(near) == 4
    assert value(method) == pytest.approx(sum(near) / 4 + sum(far) / 6)


def test_proxies_have_a_rate_of_their_own():
    moved = []
    for rate in (1.0, 100.0):
        method = made(ProxyAnchor, centre_rate=rate)
        optimizers = method.optimizers(lambda part: torch.optim.SGD(part.parameters(), 0.1), 0)
        scales = [group.get("scale", 1.0) for each in optimizers for group in each.param_groups]
        assert scales == ([1.0] if rate == 1.0 else [1.0, 100.0])
        parameters = [p for each in optimizers for group in each.param_groups for p in group["params"]]
        assert len(parameters) == len(set(parameters)) == len(list(method.parameters()))
        before = [p.clone() for p in method.parameters()]
        step(method, batch(("full",)))
        moved.append([not torch.equal(p, q) for p, q in zip(before, method.parameters(), strict=True)])
    assert moved[0] == moved[1] and moved[0].count(True) >= 4
