"""Synthetic negatives against explicit mixtures of the hardest keys by slow loops, and MoCo v2 where there are none."""

import pytest
import torch
from torch import nn

from pipeline.methods.momentum_contrast.mochi import MoCHi, mixture
from tests.kit.embeddings import check_that_it_trains_as_moco, info_nce, queries_and_keys
from tests.kit.methods import SIZE, batch, dot, made, unit


@pytest.mark.parametrize("settings", [{"mixed": 0, "mixed_with_query": 0}, {"warmup": 0.9}])
def test_without_synthetic_negatives_it_is_moco(settings):
    method = made(MoCHi, **settings)
    method.progress = 0.5
    check_that_it_trains_as_moco(method)


def test_the_loss_equals_explicit_mixtures_of_the_hardest_keys(monkeypatch):
    method, data = made(MoCHi, batch_norm=False, hardest=4, mixed=3, mixed_with_query=2), batch()
    method.progress = 0.5
    q, k = queries_and_keys(method, data)
    keys = method.queue.items.double()

    drawn, draw, shares, rand = [], method.draw, [], torch.rand
    monkeypatch.setattr(method, "draw", lambda *given: drawn.append(draw(*given)) or drawn[-1])
    monkeypatch.setattr(torch, "rand", lambda *given, **named: shares.append(rand(*given, **named)) or shares[-1])
    found = method.loss(data).item()

    (first, second, third), (alpha, half_beta) = drawn, [share.double().tolist() for share in shares]
    total = 0.0
    for b in range(SIZE):
        hardest = sorted(range(20), key=lambda n, b=b: -float(q[b] @ keys[n]))[:4]
        assert {*first[b].tolist(), *second[b].tolist(), *third[b].tolist()} <= set(hardest)
        others = keys.tolist()
        for a, i, j in zip(alpha[b], first[b], second[b], strict=True):
            others.append(unit((a * keys[i] + (1 - a) * keys[j]).tolist()))
        for half, j in zip(half_beta[b], third[b], strict=True):
            others.append(unit((half / 2 * q[b] + (1 - half / 2) * keys[j]).tolist()))
        query = q[b].tolist()
        total += info_nce(dot(query, k[b].tolist()), [dot(query, other) for other in others], 0.2) / SIZE
    assert found == pytest.approx(total, rel=1e-5)


def test_synthetic_negatives_are_constants_to_the_gradient():
    torch.manual_seed(9)
    method = made(MoCHi, hardest=4, mixed=0, mixed_with_query=3)
    method.progress = 0.5
    raw = torch.randn(5, 6, requires_grad=True)
    q = nn.functional.normalize(raw)
    torch.manual_seed(7)
    hard = method.negatives(q, q @ method.queue.items.T)[:, 20:]
    (found,) = torch.autograd.grad(hard.sum(), raw, retain_graph=True)

    torch.manual_seed(7)
    fixed, keys = q.detach(), method.queue.items
    hardest = (fixed @ keys.T).topk(4, sorted=False).indices
    for _ in range(2):
        method.draw(hardest, 0)
    torch.rand(5, 0)
    j = method.draw(hardest, 3)
    beta = 0.5 * torch.rand(5, 3)[..., None]
    h = nn.functional.normalize(beta * fixed[:, None] + (1 - beta) * keys[j], dim=2)
    expected_values = (q[:, None] * h).sum(2)
    torch.testing.assert_close(hard, expected_values)
    (expected,) = torch.autograd.grad(expected_values.sum(), raw)
    torch.testing.assert_close(found, expected, atol=1e-5, rtol=1e-4)


def test_a_mixture_has_unit_length_and_is_an_end_where_one_share_is_whole():
    torch.manual_seed(8)
    q, a, b = nn.functional.normalize(torch.randn(3, 6).double())
    for share in (0.0, 0.3, 1.0):
        expected = float(q @ nn.functional.normalize(share * a + (1 - share) * b, dim=0))
        found = mixture(torch.tensor(share, dtype=torch.float64), q @ a, q @ b, a @ b)
        assert float(found) == pytest.approx(expected, abs=1e-9)
