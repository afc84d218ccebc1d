"""Predicted codes against slow loops with the paper's Sinkhorn, with and without the queue, and still prototypes."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.swav import SwAV
from pipeline.ops.sinkhorn import balanced_codes
from tests.kit.embeddings import loop_sinkhorn
from tests.kit.methods import SIZE, batch, dot, made, step


def random_views():
    torch.manual_seed(6)
    return [torch.randn(SIZE, 6) for _ in range(4)]


def loop_swav(z, prototypes, codes, temperature):
    """codes: the two full crops' (B, K); z: unit embeddings of all crops."""
    total, terms = 0.0, 2 * (len(z) - 1) * len(z[0])
    for s in (0, 1):
        for t in range(len(z)):
            for b in range(len(z[0]) if t != s else 0):
                logits = [dot(z[t][b].tolist(), c.tolist()) / temperature for c in prototypes]
                whole = sum(math.exp(x) for x in logits)
                total -= (
                    sum(float(codes[s][b, k]) * math.log(math.exp(x) / whole) for k, x in enumerate(logits)) / terms
                )
    return total


def test_swav_equals_the_slow_loops():
    method, views = made(SwAV), random_views()
    prototypes = method.prototype_layer.weight.detach().double()
    z = [nn.functional.normalize(view.double()) for view in views]
    codes = [loop_sinkhorn(z[s] @ prototypes.T, 0.05, 3) for s in (0, 1)]
    assert method.objective(*views).item() == pytest.approx(loop_swav(z, prototypes, codes, 0.1), rel=1e-4)


def test_swav_balances_its_codes_over_the_queue_once_it_is_full():
    method, views = made(SwAV, queue_length=24, queue_start=0.5), random_views()
    prototypes = method.prototype_layer.weight.detach().double()
    method.progress = 0.4
    method.objective(*views)
    with torch.no_grad():
        method.after_step()
    assert not any(int(queue.pushed) for queue in method.queues), "the queue starts later"
    method.progress = 0.6
    alone = method.objective(*views).item()
    for queue in method.queues:
        queue.push(nn.functional.normalize(torch.randn(24, 6)))
    z = [nn.functional.normalize(view.double()) for view in views]
    codes = []
    for s in (0, 1):
        everything = torch.cat([method.queues[s].items.double(), z[s]])
        codes.append(loop_sinkhorn(everything @ prototypes.T, 0.05, 3)[-SIZE:])
    together = method.objective(*views).item()
    assert together == pytest.approx(loop_swav(z, prototypes, codes, 0.1), rel=1e-4)
    assert abs(together - alone) > 1e-4


def test_swav_predicts_codes_of_full_crops_only_and_codes_have_no_gradient():
    method = made(SwAV, small_crops=0, queue_length=0)
    torch.manual_seed(6)
    z1, z2 = torch.randn(SIZE, 6, requires_grad=True), torch.randn(SIZE, 6)
    prototypes = method.prototype_layer.weight.detach()
    codes = [balanced_codes(nn.functional.normalize(z.detach()) @ prototypes.T, 0.05, 3) for z in (z1, z2)]
    predicted = (nn.functional.normalize(z1) @ prototypes.T / 0.1).log_softmax(1)
    (expected,) = torch.autograd.grad(-(codes[1] * predicted).sum(1).mean() / 2, z1)
    (found,) = torch.autograd.grad(method.objective(z1, z2), z1)
    torch.testing.assert_close(found, expected)


def test_swav_freezes_prototypes_in_the_first_epoch_and_keeps_them_unit():
    method = made(SwAV)
    assert method.views == ("full", "full", "small", "small")
    before = method.prototype_layer.weight.detach().clone()
    step(method, batch(method.views), epoch=0)
    assert torch.allclose(method.prototype_layer.weight, before, atol=1e-6)
    step(method, batch(method.views), epoch=1)
    assert not torch.allclose(method.prototype_layer.weight, before, atol=1e-3)
    torch.testing.assert_close(method.prototype_layer.weight.norm(dim=1), torch.ones(5))
