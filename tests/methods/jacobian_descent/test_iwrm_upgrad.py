"""The projections by a slow search over which constraints hold, and what is known of any projection on a dual cone."""

import itertools

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.jacobian_descent.iwrm_mean import IwrmMean
from pipeline.methods.jacobian_descent.iwrm_upgrad import IwrmUpgrad
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, made

EXACT = 1e-12


def rows(examples, size, seed=0):
    return torch.randn(examples, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def unit_gram(jacobian):
    gram = jacobian @ jacobian.T
    return gram / gram.trace()


def slow_projection(target, jacobian):
    """The nearest x with J x >= 0: for every set of rows that may be tight, the nearest x with those at 0."""
    best, found = float("inf"), None
    for size in range(len(jacobian) + 1):
        for tight in itertools.combinations(range(len(jacobian)), size):
            there = target
            if tight:
                normal = jacobian[list(tight)]
                there = target - torch.linalg.pinv(normal) @ (normal @ target)
            if (jacobian @ there).min() > -1e-9 and (there - target).norm() < best:
                best, found = float((there - target).norm()), there
    return found


@pytest.mark.parametrize("seed", range(4))
def test_it_is_the_mean_of_the_projections(seed):
    jacobian = rows(5, 7, seed)
    update = IwrmUpgrad(regularisation=EXACT).weights(unit_gram(jacobian)) @ jacobian
    want = torch.stack([slow_projection(row, jacobian) for row in jacobian]).mean(0)
    torch.testing.assert_close(update, want, rtol=1e-6, atol=1e-8)
    assert (jacobian @ update).min() > -1e-8  # and no example is harmed


def test_without_conflict_it_is_the_mean():
    jacobian = rows(6, 9).abs()
    torch.testing.assert_close(IwrmUpgrad().weights(unit_gram(jacobian)), torch.full((6,), 1 / 6, dtype=torch.float64))


def test_each_gradient_counts_by_its_length():
    """Where a gradient is twice as long, so is its part of the update (the paper's linearity under scaling)."""
    jacobian, aggregate = rows(4, 6, 3), lambda j: IwrmUpgrad(regularisation=EXACT).weights(unit_gram(j)) @ j
    lengths = [torch.ones(4, 1, dtype=torch.float64) for _ in range(3)]
    lengths[1][2], lengths[2][2] = 2.0, 3.0
    once, twice, thrice = (aggregate(jacobian * length) for length in lengths)
    torch.testing.assert_close(thrice - twice, twice - once, rtol=1e-6, atol=1e-8)


def test_a_step_on_a_network_against_gradients_one_by_one():
    data = doubled(batch(("full",)))
    method = made(IwrmUpgrad, batch_norm=False).double()
    loss = method.backward(data)
    parameters = list(method.parameters())
    plain = made(CrossEntropy, batch_norm=False).double()
    assert torch.equal(loss, plain.loss(data))
    gradients = []
    for place in range(len(data.labels)):
        logits = plain.logits(plain.encoder(data.views[0][place : place + 1]))
        slopes = torch.autograd.grad(plain.objective(logits, data.labels[place : place + 1]), list(plain.parameters()))
        gradients.append(torch.cat([slope.flatten() for slope in slopes]))
    jacobian = torch.stack(gradients)
    update = torch.cat([p.grad.flatten() for p in parameters])
    torch.testing.assert_close(update, method.weights(unit_gram(jacobian)) @ jacobian)
    assert method.observed()["conflict_share"] == 0.0 == method.conflicts.sum()

    mean = made(IwrmMean, batch_norm=False).double()
    mean.backward(data)
    wanted = torch.cat([p.grad.flatten() for p in mean.parameters()])
    along = jacobian @ wanted
    harmed = along < -0.01 * along.mean()
    assert mean.observed()["conflict_share"] == pytest.approx(100 * harmed.double().mean().item()) and harmed.any()
    assert not torch.allclose(update, wanted)
