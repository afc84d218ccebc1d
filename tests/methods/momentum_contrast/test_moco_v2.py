"""InfoNCE against the queue by slow loops, and shuffled groups by the company that a query and its key then keep."""

import pytest
import torch
from torch import nn

from pipeline.methods.momentum_contrast.moco_v2 import MoCoV2
from pipeline.ops.groups import in_groups
from tests.kit.embeddings import info_nce, layer_names, queries_and_keys
from tests.kit.methods import SIZE, batch, dot, made


def test_moco_equals_the_slow_loops():
    method, data = made(MoCoV2, batch_norm=False), batch()
    method.key_encoder[1][0].weight.data.mul_(1.5)
    q, k = queries_and_keys(method, data)
    queue, total = method.queue.items.double().tolist(), 0.0
    for query, key in zip(q.tolist(), k.tolist(), strict=True):
        total += info_nce(dot(query, key), [dot(query, n) for n in queue], 0.2) / SIZE
    assert method.loss(data).item() == pytest.approx(total, rel=1e-5)


def test_shuffling_separates_a_query_and_its_key():
    """In order, an image's view meets the same company on both sides; shuffled, it does not."""
    method, data = made(MoCoV2, groups=4), batch()
    data.views[1] = data.views[0].clone()
    method.loss(data)
    with torch.no_grad():
        q = nn.functional.normalize(method.projector(in_groups(method.encoder, data.views[0], 4)))
    assert float((q - method.keys).norm(dim=1).max()) > 1e-3
    alone = made(MoCoV2, groups=1)
    alone.loss(data)
    with torch.no_grad():
        q = nn.functional.normalize(alone.projector(alone.encoder(data.views[0])))
    torch.testing.assert_close(q, alone.keys, atol=1e-5, rtol=1e-4)


def test_a_queue_of_one_orthogonal_key_leaves_a_logistic_loss_of_the_cosine():
    method = made(MoCoV2, queue_length=1, temperature=0.5)
    method.queue.items.copy_(torch.eye(6)[5:])
    q, k = torch.eye(6)[:2], torch.tensor([[0.6, 0.8, 0, 0, 0, 0], [0.0, 1.0, 0, 0, 0, 0]])
    expected = torch.log1p(torch.exp(-torch.tensor([0.6, 1.0]) / 0.5)).mean()
    torch.testing.assert_close(method.contrast(q, k), expected)


def test_the_head_has_two_layers():
    assert layer_names(made(MoCoV2).projector) == ["Linear", "ReLU", "Linear"]
