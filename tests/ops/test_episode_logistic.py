"""Logistic regression of many small problems: the minimum of each, whatever its coordinates and company."""

import torch

from pipeline.ops.episode_logistic import fitted_scores
from tests.kit.few_shot import episodes


def test_the_gradient_of_each_problem_vanishes():
    """Weights are recovered from scores of the unit vectors, and put into the loss by autograd."""
    support, labels, _, _ = episodes(shots=4)
    asked = torch.cat([torch.zeros(1, 6), torch.eye(6)]).expand(4, -1, -1)
    scores = fitted_scores(support.double(), labels, asked.double(), 0.5, tolerance=1e-9)
    bias, weights = scores[:, :1], scores[:, 1:] - scores[:, :1]
    for e in range(4):
        w, b = weights[e].clone().requires_grad_(), bias[e].clone().requires_grad_()
        loss = torch.nn.functional.cross_entropy(support[e].double() @ w + b, labels[e], reduction="sum")
        (loss + w.square().sum() / (2 * 0.5)).backward()
        assert w.grad.abs().max() < 1e-6 and b.grad.abs().max() < 1e-6


def test_problems_and_orders_do_not_matter():
    support, labels, queries, _ = episodes(shots=4)
    found = fitted_scores(support, labels, queries, 1.0, tolerance=1e-8).softmax(2)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    for e in range(4):
        given = support[e : e + 1, order], labels[e : e + 1, order], queries[e : e + 1]
        alone = fitted_scores(*given, 1.0, tolerance=1e-8).softmax(2)
        torch.testing.assert_close(found[e : e + 1], alone, atol=1e-4, rtol=1e-3)


def test_more_dimensions_than_examples_and_fewer():
    for dimensions in (3, 40):
        support, labels, queries, truth = episodes(shots=3, dimensions=dimensions, spread=0.1)
        found = fitted_scores(support, labels, queries, 10.0)
        assert found.shape == (4, 15, 3) and (found.argmax(2) == truth).double().mean() > 0.9


def test_a_stronger_penalty_brings_classes_together():
    given = episodes(shots=3)[:3]
    loose, tight = (fitted_scores(*given, strength).softmax(2).amax(2).mean() for strength in (10.0, 0.01))
    assert loose > tight and abs(float(tight) - 1 / 3) < 0.1
