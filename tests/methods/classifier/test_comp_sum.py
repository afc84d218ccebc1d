"""The family's losses by loops, the four that have other names, their gradients, and where each is least."""

import math

import pytest
import torch

from pipeline.methods.classifier.comp_sum import CompSum
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from tests.kit.losses import gradient, mean_over, softmax


def comp_sum(tau):
    def loss(z, y):
        u = sum(math.exp(v - z[y]) for k, v in enumerate(z) if k != y)
        return math.log(1 + u) if tau == 1 else ((1 + u) ** (1 - tau) - 1) / (1 - tau)

    return loss


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 1.5, 2.0])
def test_comp_sum(tau, logits, labels):
    method = CompSum(tau=tau)
    assert method.objective(logits, labels).item() == pytest.approx(mean_over(comp_sum(tau), logits, labels))
    torch.testing.assert_close(method.objective(logits + 7, labels), method.objective(logits, labels))
    assert torch.autograd.gradcheck(lambda z: method.objective(z, labels), logits.requires_grad_())


def test_it_is_what_the_paper_names_at_its_points(logits, labels):
    def named(loss, tau):
        assert CompSum(tau=tau).objective(logits, labels).item() == pytest.approx(mean_over(loss, logits, labels))

    named(lambda z, y: sum(math.exp(v - z[y]) for v in z) - 1, 0.0)
    named(lambda z, y: -math.log(softmax(z)[y]), 1.0)
    named(lambda z, y: (1 - softmax(z)[y] ** 0.7) / 0.7, 1.7)
    named(lambda z, y: sum(abs(p - (k == y)) for k, p in enumerate(softmax(z))) / 2, 2.0)
    torch.testing.assert_close(CompSum().objective(logits, labels), CrossEntropy().objective(logits, labels))


@pytest.mark.parametrize("tau", [1 - 1e-5, 1 + 1e-5])
def test_it_is_continuous_at_cross_entropy_in_float32(tau, logits, labels):
    want = CrossEntropy().objective(logits, labels).item()
    assert CompSum(tau=tau).objective(logits.float(), labels).item() == pytest.approx(want, rel=1e-3)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.5, 2.0])
def test_its_gradient_is_that_of_cross_entropy_times_a_power_of_the_probability(tau, logits, labels):
    base = gradient(lambda z: CrossEntropy().objective(z, labels), logits)
    p = logits.softmax(1).gather(1, labels[:, None])
    torch.testing.assert_close(gradient(lambda z: CompSum(tau=tau).objective(z, labels), logits), p ** (tau - 1) * base)


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.0, 1.5])
def test_it_is_least_at_a_power_of_the_labels_distribution(tau):
    q = torch.tensor([0.5, 0.3, 0.15, 0.05], dtype=torch.float64)

    def expected(z):
        return sum(q[y] * CompSum(tau=tau).objective(z[None], torch.tensor([y])) for y in range(4))

    best = q.log() / (2 - tau)
    torch.testing.assert_close(gradient(expected, best), torch.zeros(4, dtype=torch.float64))
    assert expected(best) < expected(best + torch.tensor([0.1, 0.0, -0.1, 0.0]))


def test_a_hopeless_example_is_finite_from_cross_entropy_on():
    z = torch.tensor([[200.0, 0.0, 0.0]])
    for tau, want in ((1.0, 200.0), (1.5, 2.0), (2.0, 1.0)):
        assert CompSum(tau=tau).objective(z, torch.tensor([1])).item() == pytest.approx(want)
