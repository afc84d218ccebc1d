"""Contrast of queries and keys over heads with a temperature a pair, by slow loops, and a decoupled limit."""

import pytest
import torch

from pipeline.methods.momentum_contrast.amcl_moco import AMCLMoCo
from tests.kit.embeddings import adaptive_pair, queries_and_keys
from tests.kit.methods import SIZE, batch, made


def test_amcl_moco_equals_the_slow_loops():
    method, data = made(AMCLMoCo, batch_norm=False, heads=2, span=1.3, beta=0.2), batch()
    method.key_encoder[1].heads[0][0].weight.data.mul_(1.5)
    q, k = queries_and_keys(method, data)
    queue = method.queue.items.double()
    torch.testing.assert_close(queue.view(20, 2, 6).norm(dim=2), torch.ones(20, 2, dtype=torch.float64))
    total = 0.0
    for c in range(2):
        part = slice(6 * c, 6 * c + 6)
        negatives = queue[:, part].tolist()
        for anchor, key in zip(q[:, part].tolist(), k[:, part].tolist(), strict=True):
            total += adaptive_pair(method, anchor, key, negatives) / SIZE
    assert method.loss(data).item() == pytest.approx(total, rel=1e-5)


@pytest.mark.parametrize("beta", [0.0, 0.3])
def test_with_one_head_and_a_fixed_temperature_the_positive_leaves_mocos_denominator(beta):
    method, data = made(AMCLMoCo, batch_norm=False, heads=1, span=0.0, beta=beta), batch()
    q, k = queries_and_keys(method, data)
    expected = (q @ method.queue.items.double().T / 0.2).logsumexp(1) - (q * k).sum(1) / 0.2
    assert method.loss(data).item() == pytest.approx(float(expected.mean()), rel=1e-5)
