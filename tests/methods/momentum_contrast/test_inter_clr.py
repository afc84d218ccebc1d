"""Inter-image contrast by slow loops over the drawn memory places, its margin, its memory, and MoCo v2's limit."""

import pytest
import torch
from torch import nn

from pipeline.methods.momentum_contrast.inter_clr import InterCLR
from pipeline.ops.online_clusters import OnlineClusters
from tests.kit.embeddings import check_that_it_trains_as_moco, info_nce
from tests.kit.methods import SIZE, batch, begun, made, pair, step

FEW = {"pool": 0.5, "drawn": 0.25}
"""Of 48 images."""


def test_inter_image_loss_equals_the_slow_loops(monkeypatch):
    method, data = begun(made(InterCLR, **FEW, margin=-0.3, inter_weight=0.4)), batch()
    positives, chosen = [], []
    alike, semi_hard = OnlineClusters.alike, OnlineClusters.semi_hard
    monkeypatch.setattr(OnlineClusters, "alike", lambda *a: positives.append(alike(*a)) or positives[-1])
    monkeypatch.setattr(OnlineClusters, "semi_hard", lambda *a: chosen.append(semi_hard(*a)) or chosen[-1])
    q, k = (nn.functional.normalize(z) for z in pair(SIZE, 6))
    method.places = data.indices
    found, total = method.contrast(q, k).item(), 0.0
    bank, (places, other) = method.memory.features.double(), chosen[0]
    assert places.shape == (SIZE, 6) and int((~other).sum()) < places.numel()
    for i, query in enumerate(q.double()):
        intra = info_nce(float(query @ k[i].double()), [float(query @ n.double()) for n in method.queue.items], 0.2)
        negatives = [float(query @ bank[j]) for j, good in zip(places[i], other[i], strict=True) if good]
        inter = info_nce(float(query @ bank[positives[0][i]]) + 0.3, negatives, 0.2)
        total += (0.6 * intra + 0.4 * inter) / SIZE
    assert found == pytest.approx(total, rel=1e-5)


def test_a_lower_margin_is_less_stringent():
    losses = []
    for margin in (0.0, -0.5):
        method = begun(made(InterCLR, **FEW, margin=margin))
        torch.manual_seed(0)
        losses.append(method.loss(batch()).item())
    assert losses[1] < losses[0]


def test_the_memory_takes_the_batchs_keys_after_the_step_and_means_every_ten():
    method, data = begun(made(InterCLR, **FEW)), batch()
    before = method.memory.features.clone()
    method.loss(data)
    keys = method.keys
    assert torch.equal(method.memory.features, before)
    means = method.memory.means.clone()
    with torch.no_grad():
        method.after_step()
    assert torch.equal(method.memory.features[:SIZE], keys)
    assert torch.equal(method.memory.features[SIZE:], before[SIZE:])
    for _ in range(8):
        step(method, data)
    assert torch.equal(method.memory.means, means)
    step(method, data)
    assert not torch.equal(method.memory.means, means)


def test_without_weight_on_other_images_it_is_moco():
    check_that_it_trains_as_moco(made(InterCLR, inter_weight=0.0))
