"""The bound after eta has moved, by loops; at the best eta it is cross-entropy; eta learned from one class a step."""

import dataclasses
import math

import pytest
import torch
from torch import nn

from pipeline.methods.classifier.augment_reduce import AugmentReduce
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.negatives import gaps
from tests.kit.classifiers import B, K
from tests.kit.methods import CONTEXT, made


def augmented(log_eta=0.0, **settings):
    method = made(AugmentReduce, context=dataclasses.replace(CONTEXT, num_classes=K), **settings).double()
    method.log_eta += log_eta
    return method


@pytest.mark.parametrize("epoch", [0, 3])
def test_eta_moves_and_then_the_bound_is_taken(epoch, logits, labels):
    method = augmented(math.log(2.5))
    method.start_epoch(epoch)
    places = torch.arange(B) + 20
    rho = (1 + epoch + 1) ** -0.9
    total, etas = 0.0, []
    for z, y in zip(logits.tolist(), labels.tolist(), strict=True):
        s = sum(math.exp(v - z[y]) for k, v in enumerate(z) if k != y)
        etas.append((1 - rho) * 2.5 + rho * s)
        total -= 1 - math.log(1 + etas[-1]) - (1 + s) / (1 + etas[-1])
    assert method.bound(logits, labels, places).item() == pytest.approx(total / B)
    torch.testing.assert_close(method.log_eta[places].exp(), torch.tensor(etas, dtype=torch.float64))
    untouched = torch.ones(len(method.log_eta), dtype=torch.bool).index_fill(0, places, False)
    torch.testing.assert_close(method.log_eta[untouched].exp(), torch.full((48 - B,), 2.5, dtype=torch.float64))


def test_at_the_best_eta_it_is_cross_entropy_and_elsewhere_above(logits, labels):
    method, places = augmented(), torch.arange(B)
    best = (logits.logsumexp(1) - logits.gather(1, labels[:, None]).squeeze(1)).expm1().log()
    method.log_eta[places] = best
    z = logits.clone().requires_grad_()
    loss = method.bound(z, labels, places)
    loss.backward()
    torch.testing.assert_close(loss, CrossEntropy().objective(logits, labels))
    torch.testing.assert_close(z.grad, (logits.softmax(1) - nn.functional.one_hot(labels, K)) / B)
    for other in (-1.0, 1.0):
        method.log_eta[places] = best + other
        assert method.bound(logits, labels, places) > loss + 1e-3


def test_each_normaliser_is_learned_from_few_classes(logits, labels):
    """With rho falling, eta tends to the mean of its estimates."""
    torch.manual_seed(5)
    method = augmented(negatives=1, forgetting=1.0)
    for epoch in range(2000):
        method.start_epoch(epoch)
        method.bound(logits, labels, torch.arange(B))
    want = (logits - logits.gather(1, labels[:, None])).logsumexp(1)
    torch.testing.assert_close(nn.functional.softplus(method.log_eta[:B]), want, atol=0.15, rtol=0)


def test_some_classes_have_their_sum_scaled(logits, labels):
    method = augmented(negatives=2)
    torch.manual_seed(6)
    drawn = gaps(logits, labels, 2)
    torch.manual_seed(6)
    method.bound(logits, labels, torch.arange(B))
    rho = 2**-0.9
    want = (1 - rho) + rho * (K - 1) / 2 * drawn.exp().sum(1)
    torch.testing.assert_close(method.log_eta[:B].exp(), want)


def test_it_neither_overflows_nor_lets_one_example_take_over():
    method = augmented().float()
    z = torch.tensor([[0.0, 500.0, -500.0, 0.0, 0.0]], requires_grad=True)
    loss = method.bound(z, torch.tensor([2]), torch.tensor([0]))
    loss.backward()
    assert loss.isfinite() and z.grad.isfinite().all()
    assert z.grad.abs().max() <= 2**0.9 + 1e-4
