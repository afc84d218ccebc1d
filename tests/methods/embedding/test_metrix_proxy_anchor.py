"""Weighted sums over each proxy's mixtures, from mixed vectors; without weight it is proxy-anchor."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.embedding.metrix_proxy_anchor import MetrixProxyAnchor
from pipeline.methods.embedding.proxy_anchor import ProxyAnchor
from pipeline.ops.metric_mixing import drawn_share, one_of_each
from tests.kit.metric_learning import LABELS, centred, directions, points, value


def test_metrix_proxy_anchor():
    method = centred(MetrixProxyAnchor, alpha=6.0)
    torch.manual_seed(2)
    own = F.one_hot(LABELS, 6).bool().T[:4]
    partners, y = one_of_each(own, torch.zeros(4, dtype=torch.long)), drawn_share(2.0).item()
    assert LABELS[partners].tolist() == [0, 1, 2, 3]
    z, proxies, total = F.normalize(points(), dim=1), F.normalize(directions(), dim=1), 0.0
    for p in range(4):
        near = far = 0.0
        for j in range(12):
            if LABELS[j] != p:
                s = F.cosine_similarity(proxies[p], y * z[partners[p]] + (1 - y) * z[j], dim=0).item()
                near += y * math.exp(-6.0 * (s - 0.1))
                far += (1 - y) * math.exp(6.0 * (s + 0.1))
        total += (math.log(1 + near) + math.log(1 + far)) / 4
    torch.manual_seed(2)
    assert value(method) - value(centred(ProxyAnchor, alpha=6.0)) == pytest.approx(0.4 * total, rel=1e-4)


def test_without_weight_it_is_proxy_anchor():
    assert value(centred(MetrixProxyAnchor, weight=0.0)) == value(centred(ProxyAnchor))


def test_rounded_labels_leave_finite_gradients():
    for seed in range(3):
        torch.manual_seed(seed)
        cosines, z = torch.randn(12, 6).tanh().requires_grad_(), torch.randn(12, 5, requires_grad=True)
        MetrixProxyAnchor(soft=False).centre_loss(cosines, LABELS, z).backward()
        assert cosines.grad.isfinite().all() and z.grad.isfinite().all()
