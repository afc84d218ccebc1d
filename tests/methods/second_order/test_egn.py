"""The step by the d x d matrix that the method never makes, the limits of its damping, and what it keeps."""

import copy

import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.second_order.egn import EGN
from tests.kit.classifiers import doubled
from tests.kit.methods import batch, made

RATE = 0.3


def entries(parts):
    return torch.cat([part.detach().flatten() for part in parts])


def doubly(cls, **settings):
    return made(cls, batch_norm=False, **settings).double()


def stepped(method, data):
    optimizers = method.optimizers(lambda part: torch.optim.SGD(part.parameters(), RATE, weight_decay=0.0), 0)
    return method.step(data, optimizers, 0)


def model(method, data):
    """J as rows of a list, gradient and Gauss-Newton matrix of the mean loss, one logit after the other."""
    parameters = list(method.parameters())
    gradient, matrix = 0.0, 0.0
    for image, label in zip(data.views[0], data.labels, strict=True):
        logits = method.logits(method.encoder(image[None]))[0]
        rows = [entries(torch.autograd.grad(z, parameters, retain_graph=True)) for z in logits]
        p = logits.detach().softmax(0)
        for k, row in enumerate(rows):
            gradient = gradient + (p[k] - float(k == label)) * row / len(data.labels)
            for j, other in enumerate(rows):
                matrix = matrix + (p[k] * float(k == j) - p[k] * p[j]) * torch.outer(row, other) / len(data.labels)
    return gradient, matrix


def test_three_steps_with_momentum_and_damping_against_the_whole_matrix():
    method = doubly(EGN, damping=0.01)
    slow, damping, average = copy.deepcopy(method), 0.01, 0.0
    changed = set()
    for number in range(1, 4):
        data = doubled(batch(("full",), size=6, seed=number))
        gradient, matrix = model(slow, data)
        identity = torch.eye(len(gradient), dtype=torch.float64)
        average = 0.9 * average - 0.1 * torch.linalg.solve(matrix + damping * identity, gradient)
        step = RATE * average / (1 - 0.9**number)
        before = slow.loss(data).item()
        with torch.no_grad():
            torch.nn.utils.vector_to_parameters(entries(slow.parameters()) + step, list(slow.parameters()))
        promised = gradient @ step + step @ matrix @ step / 2 + damping * step @ step / 2
        ratio = (slow.loss(data).item() - before) / float(promised)
        damping *= 0.99 if ratio > 0.75 else 1.01 if ratio < 0.25 else 1.0
        assert stepped(method, data).item() == pytest.approx(before)
        torch.testing.assert_close(entries(method.parameters()), entries(slow.parameters()))
        assert method.lambda_.item() == pytest.approx(damping)
        changed.add(damping)
    assert len(changed) == 3


def test_much_damping_is_gradient_descent():
    data, damping = doubled(batch(("full",))), 1e9
    method, plain = doubly(EGN, damping=damping), doubly(CrossEntropy)
    start = entries(method.parameters())
    gradient = entries(torch.autograd.grad(plain.loss(data), list(plain.parameters())))
    stepped(method, data)
    torch.testing.assert_close((start - entries(method.parameters())) * damping / RATE, gradient, rtol=1e-4, atol=1e-6)


def test_without_either_damping_stays_and_no_step_is_remembered():
    method = doubly(EGN, beta=0.0, adaptive=False)
    for seed in (1, 2):
        data, start = doubled(batch(("full",), seed=seed, size=5)), entries(method.parameters())
        gradient, matrix = model(method, data)
        want = torch.linalg.solve(matrix + torch.eye(len(gradient), dtype=torch.float64), gradient)
        stepped(method, data)
        torch.testing.assert_close(start - entries(method.parameters()), RATE * want)
    assert method.lambda_ == 1.0


def test_the_order_of_the_batch_does_not_matter():
    data = doubled(batch(("full",)))
    order = torch.randperm(len(data.labels), generator=torch.Generator().manual_seed(3))
    other = copy.copy(data)
    other.views, other.labels = [data.views[0][order]], data.labels[order]
    ends = []
    for given in (data, other):
        method = doubly(EGN, damping=0.01)
        stepped(method, given)
        ends.append(entries(method.parameters()))
    torch.testing.assert_close(*ends)
