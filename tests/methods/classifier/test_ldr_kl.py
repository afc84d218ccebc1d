"""The closed form by loops, the maximum over label distributions that it stands for, and its limits in lambda."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.classifier.ldr_kl import LDRKL
from tests.kit.classifiers import FIVE, B, K, embedded
from tests.kit.losses import mean_over
from tests.kit.methods import made

FEATURES = embedded(dtype=torch.float64)


def ldr(temperature, margin):
    def loss(f, y):
        terms = [(v - f[y] + margin * (k != y)) / temperature for k, v in enumerate(f)]
        top = max(terms)
        return temperature * (top + math.log(sum(math.exp(t - top) for t in terms) / len(f)))

    return loss


def linear(**settings):
    """A method in float64 and plain f = W x + b."""
    method = made(LDRKL, context=FIVE, **settings).double()
    return method, nn.functional.linear(FEATURES, method.head.weight, method.head.bias)


@pytest.mark.parametrize("temperature", [0.1, 1.0, 10.0])
@pytest.mark.parametrize("margin", [0.0, 0.1, 2.0])
def test_ldr_kl(temperature, margin, labels):
    method, f = linear(temperature=temperature, margin=margin)
    z = method.logits(FEATURES)
    assert method.objective(z, labels).item() == pytest.approx(mean_over(ldr(temperature, margin), f, labels))
    torch.testing.assert_close(method.objective(z + 7, labels), method.objective(z, labels))


def test_normalised_as_in_the_authors_code(labels):
    method, f = linear(temperature=2.0, margin=0.1, normalise=True)
    rows = [[math.log1p(math.exp(v)) for v in row] for row in f.tolist()]
    f = torch.tensor([[K * v / sum(row) for v in row] for row in rows])
    got = method.objective(method.logits(FEATURES), labels).item()
    assert got == pytest.approx(mean_over(ldr(2.0, 0.1), f, labels), rel=1e-6)


def test_lambda_one_is_cross_entropy_less_a_constant(logits, labels):
    got = LDRKL(temperature=1.0, margin=0.0).objective(logits, labels)
    torch.testing.assert_close(got, CrossEntropy().objective(logits, labels) - math.log(K))


def test_it_is_the_maximum_over_label_distributions(labels):
    """The closed form is reached by p ~ exp((f + c) / lambda) and by no other distribution."""
    method, f = linear(temperature=0.7, margin=0.5)
    gaps = f - f.gather(1, labels[:, None]) + 0.5 * (1 - nn.functional.one_hot(labels, K))

    def value(p):
        return ((p * gaps).sum(1) - 0.7 * (p * (K * p).log()).sum(1)).mean()

    best = (gaps / 0.7).softmax(1)
    loss = method.objective(method.logits(FEATURES), labels)
    torch.testing.assert_close(value(best), loss)
    other = (best.log() + 0.1 * torch.randn(B, K, generator=torch.Generator().manual_seed(5))).softmax(1)
    assert value(other) < loss


def test_it_tends_to_crammer_singer_and_to_the_mean(labels):
    cold, f = linear(temperature=1e-3, margin=1.0)
    hot, _ = linear(temperature=1e6, margin=1.0)
    gaps = f - f.gather(1, labels[:, None]) + (1 - nn.functional.one_hot(labels, K))
    least = cold.objective(cold.logits(FEATURES), labels)
    torch.testing.assert_close(least, gaps.amax(1).mean(), atol=1e-3 * math.log(K) + 1e-9, rtol=0)
    torch.testing.assert_close(hot.objective(hot.logits(FEATURES), labels), gaps.mean(), atol=1e-4, rtol=0)
