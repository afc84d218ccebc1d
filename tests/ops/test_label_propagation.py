"""Spread labels by the series that the inverse sums, node by node; limits."""

import math

import pytest
import torch

from pipeline.ops.label_propagation import propagated
from tests.kit.methods import dot, unit


def graph(count=4, near=5, dim=3, classes=3, seed=0):
    draws = torch.Generator().manual_seed(seed)
    made = [torch.randn(count, 1 + near, size, generator=draws, dtype=torch.float64) for size in (dim, classes)]
    nodes, labels = torch.nn.functional.normalize(made[0], dim=2), made[1].softmax(2)
    return nodes[:, 0], labels[:, 0], nodes[:, 1:], labels[:, 1:]


@pytest.mark.parametrize(("alpha", "temperature"), [(0.1, 0.1), (0.7, 0.5)])
def test_against_the_series(alpha, temperature):
    """(1 - alpha) sum_t (alpha A)^t Y."""
    embeddings, labels, neighbours, theirs = graph()
    found = propagated(embeddings, labels, neighbours, theirs, alpha, temperature)
    for place in range(len(embeddings)):
        nodes = [unit(v) for v in [embeddings[place].tolist(), *neighbours[place].tolist()]]
        known = [labels[place].tolist(), *theirs[place].tolist()]
        edges = []
        for i, node in enumerate(nodes):
            row = [0.0 if i == j else math.exp(dot(node, other) / temperature) for j, other in enumerate(nodes)]
            edges.append([v / sum(row) for v in row])
        total, term = [0.0] * 3, known
        for _ in range(150):
            total = [s + (1 - alpha) * v for s, v in zip(total, term[0], strict=True)]
            term = [[alpha * sum(w * v[k] for w, v in zip(row, term, strict=True)) for k in range(3)] for row in edges]
        assert found[place].tolist() == pytest.approx(total, rel=1e-9)


def test_nothing_spreads_without_alpha_and_distributions_stay_such():
    embeddings, labels, neighbours, theirs = graph()
    torch.testing.assert_close(propagated(embeddings, labels, neighbours, theirs, 0.0, 0.1), labels)
    torch.testing.assert_close(
        propagated(embeddings, labels, neighbours, theirs, 0.6, 0.1).sum(1), torch.ones(4).double()
    )


def test_the_order_of_neighbours_does_not_matter():
    embeddings, labels, neighbours, theirs = graph()
    order = torch.tensor([3, 0, 4, 1, 2])
    found = propagated(embeddings, labels, neighbours[:, order], theirs[:, order], 0.4, 0.2)
    torch.testing.assert_close(found, propagated(embeddings, labels, neighbours, theirs, 0.4, 0.2))


def test_a_far_alpha_forgets_the_own_label():
    embeddings, labels, neighbours, theirs = graph()
    other = labels.roll(1, 1)
    gap = [
        (
            propagated(embeddings, labels, neighbours, theirs, a, 0.5)
            - propagated(embeddings, other, neighbours, theirs, a, 0.5)
        )
        .abs()
        .max()
        for a in (0.1, 0.9)
    ]
    assert gap[1] < 0.5 * gap[0]
