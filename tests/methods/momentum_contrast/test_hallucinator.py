"""Made-up positives beyond the query by slow loops through the small network, and MoCo v2 where they weigh nothing."""

import pytest
import torch

from pipeline.methods.momentum_contrast.hallucinator import Hallucinator
from tests.kit.embeddings import check_that_it_trains_as_moco, info_nce, queries_and_keys
from tests.kit.methods import SIZE, batch, dot, made, unit


def test_hallucinator_equals_the_slow_loops(monkeypatch):
    method, data = made(Hallucinator, batch_norm=False, reach=0.8, weight=0.7), batch()
    method.key_encoder[1][0].weight.data.mul_(1.5)
    q, k = queries_and_keys(method, data)
    queue, drawn, rand = method.queue.items.double(), [], torch.rand
    monkeypatch.setattr(torch, "rand", lambda *size, **kw: drawn.append(rand(*size, **kw)) or drawn[-1])
    found, total = method.loss(data).item(), 0.0
    first, _, last = method.hallucinator
    for i in range(SIZE):
        beyond = q[i] + 0.8 * float(drawn[-1][i]) * (q[i] - k[i])
        hidden = (first.weight.double() @ beyond + first.bias.double()).clamp_min(0)
        made_up = unit((last.weight.double() @ hidden + last.bias.double()).tolist())
        for query, weight in ((q[i].tolist(), 1.0), (made_up, 0.7)):
            negatives = [dot(query, n) for n in queue.tolist()]
            total += weight * info_nce(dot(query, k[i].tolist()), negatives, 0.2) / SIZE
    assert found == pytest.approx(total, rel=1e-5)


def test_without_weight_on_what_is_made_up_it_is_moco():
    check_that_it_trains_as_moco(made(Hallucinator, weight=0.0))
