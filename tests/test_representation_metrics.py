"""Probes against scikit-learn; geometry against slow loops and closed forms."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from pipeline.metrics import representation
from pipeline.metrics.representation import (
    alignment,
    effective_rank,
    knn_predict,
    linear_probe,
    tolerance,
    uniformity,
)
from pipeline.ops.lbfgs import minimise
from pipeline.settings import Probe


def clusters(size=300, dim=8, classes=4, spread=1.5, seed=0):
    """Overlapping classes whose features are correlated, offset and of very different scales."""
    torch.manual_seed(seed)
    labels = torch.arange(size) % classes
    features = torch.randn(classes, dim)[labels] + spread * torch.randn(size, dim)
    mixing = torch.randn(dim, dim)
    return (features @ mixing) * torch.logspace(-2, 2, dim) + 10, labels


@pytest.mark.parametrize("l2", [1e-4, 1e-2])
def test_the_linear_probe_is_scikit_learns_logistic_regression(l2):
    x, y = clusters()
    train, test, labels = x[:200], x[200:], y[:200]
    scaler = StandardScaler().fit(train.double().numpy())
    reference = LogisticRegression(C=1 / (l2 * len(train)), tol=1e-9, max_iter=5000)
    reference.fit(scaler.transform(train.double().numpy()), labels.numpy())
    expected = reference.predict_proba(scaler.transform(test.double().numpy()))
    found = linear_probe(train, labels, test, 4, Probe(l2=l2, iterations=500)).softmax(1)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


def test_the_linear_probe_ignores_scale_offset_and_constant_features():
    x, y = clusters()
    probe = Probe(iterations=500)
    plain = linear_probe(x[:200], y[:200], x[200:], 4, probe)
    moved = torch.cat([x * torch.arange(1, 9) - 3, torch.full((300, 1), 5.0)], 1)
    torch.testing.assert_close(linear_probe(moved[:200], y[:200], moved[200:], 4, probe), plain, atol=2e-3, rtol=2e-3)


def test_the_linear_probe_is_deterministic_and_survives_separable_classes():
    x = torch.eye(4).repeat(10, 1)
    y = torch.arange(40) % 4
    logits = linear_probe(x, y, x, 4, Probe(l2=0.0))
    assert torch.isfinite(logits).all() and torch.equal(logits.argmax(1), y)
    assert torch.equal(logits, linear_probe(x, y, x, 4, Probe(l2=0.0)))


def test_minimise_solves_a_badly_scaled_quadratic():
    torch.manual_seed(0)
    scale = torch.logspace(0, 4, 12, dtype=torch.float64)
    goal = torch.randn(12, dtype=torch.float64)

    def quadratic(x):
        return (scale * (x - goal) ** 2).sum() / 2, scale * (x - goal)

    found = minimise(quadratic, torch.zeros(12, dtype=torch.float64), iterations=300, tolerance=1e-9)
    torch.testing.assert_close(found, goal, atol=1e-6, rtol=1e-6)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("neighbours", [1, 3, 5])
def test_knn_is_scikit_learns_up_to_ties(metric, neighbours, monkeypatch):
    monkeypatch.setattr(representation, "ENTRIES", 200 * 7)  # several uneven batches
    x, y = clusters()
    train, test, labels = x[:200], x[200:], y[:200]
    reference = KNeighborsClassifier(neighbours, metric=metric).fit(train.double().numpy(), labels.numpy())
    share = torch.from_numpy(reference.predict_proba(test.double().numpy()))
    clear = (share == share.amax(1, keepdim=True)).sum(1) == 1
    assert int(clear.sum()) > 60
    found = knn_predict(train, labels, test, neighbours, 4, metric=metric)
    assert torch.equal(found[clear], share.argmax(1)[clear])
    # a tie goes to one of the tied classes
    assert bool((share.gather(1, found[:, None]).squeeze(1) == share.amax(1)).all())


def test_knn_gives_a_tie_to_the_class_of_the_nearest():
    train = torch.tensor([[0.0], [1.0], [2.0], [3.1], [50.0]])
    labels = torch.tensor([2, 1, 1, 2, 0])
    assert knn_predict(train, labels, torch.tensor([[-0.1], [1.6]]), 4, 3, metric="euclidean").tolist() == [2, 1]


def test_cosine_knn_ignores_length_and_euclidean_knn_does_not():
    train, labels = torch.tensor([[1.0, 0.0], [5.0, 5.0]]), torch.tensor([0, 1])
    test = torch.tensor([[1.0, 0.9]])
    assert int(knn_predict(train, labels, test, 1, 2)) == 1
    assert int(knn_predict(train, labels, test, 1, 2, metric="euclidean")) == 0


def test_euclidean_knn_is_exact_on_pixels():
    torch.manual_seed(0)
    train = torch.randint(0, 256, (400, 784), dtype=torch.uint8)
    test = torch.randint(0, 256, (50, 784), dtype=torch.uint8)
    distances = (test[:, None].double() - train[None].double()).square().sum(2)
    labels = torch.arange(400)
    assert torch.equal(knn_predict(train, labels, test, 1, 400, metric="euclidean"), distances.argmin(1))


def unit(vector):
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


@pytest.mark.parametrize("power", [1, 2])
def test_alignment_equals_the_slow_loops(power):
    torch.manual_seed(0)
    a, b = torch.randn(2, 9, 5)
    expected = [
        sum((x - y) ** 2 for x, y in zip(unit(u), unit(v), strict=True)) ** (power / 2)
        for u, v in zip(a.double().tolist(), b.double().tolist(), strict=True)
    ]
    assert alignment(a, b, power).tolist() == pytest.approx(expected, rel=1e-4)


def test_alignment_is_two_less_twice_the_cosine_and_four_at_most():
    a, b = torch.randn(2, 9, 5)
    torch.testing.assert_close(alignment(a, b), 2 - 2 * torch.cosine_similarity(a, b), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(alignment(a, -3 * a), torch.full((9,), 4.0))


@pytest.mark.parametrize("entries", [1 << 24, 30])
def test_uniformity_equals_the_slow_loops(entries, monkeypatch):
    monkeypatch.setattr(representation, "ENTRIES", entries)
    torch.manual_seed(0)
    z = torch.randn(11, 4)
    rows = [unit(row) for row in z.double().tolist()]
    terms = [
        math.exp(-2 * sum((x - y) ** 2 for x, y in zip(rows[i], rows[j], strict=True)))
        for i in range(11)
        for j in range(i)
    ]
    assert uniformity(z) == pytest.approx(math.log(sum(terms) / len(terms)), rel=1e-5)


def test_uniformity_of_known_arrangements():
    assert uniformity(torch.ones(6, 3)) == pytest.approx(0.0, abs=1e-5)
    assert uniformity(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]), t=2) == pytest.approx(-8.0, rel=1e-5)
    assert uniformity(torch.eye(16), t=3) == pytest.approx(-6.0, rel=1e-5)


def test_tolerance_equals_the_slow_loops():
    x, labels = clusters(40)
    labels[0] = 9  # a class of one has no pair
    rows = [unit(row) for row in x.double().tolist()]
    pairs = [
        sum(a * b for a, b in zip(rows[i], rows[j], strict=True))
        for i in range(40)
        for j in range(40)
        if i != j and labels[i] == labels[j]
    ]
    assert tolerance(x, labels) == pytest.approx(sum(pairs) / len(pairs), rel=1e-9)


@pytest.mark.parametrize("shape", [(30, 6), (5, 12)])
def test_effective_rank_equals_the_definition(shape):
    torch.manual_seed(0)
    x = torch.randn(*shape).double() * torch.arange(1, shape[1] + 1) + 4
    singular = np.linalg.svd(x.numpy() - x.numpy().mean(0), compute_uv=False)
    share = singular / singular.sum()
    expected = math.exp(-sum(p * math.log(p) for p in share if p > 1e-12))
    assert effective_rank(x) == pytest.approx(expected, rel=1e-4)


def test_effective_rank_counts_equal_directions_and_ignores_offset_and_rotation():
    x = torch.cat([torch.eye(8), -torch.eye(8)])[:, :5].double()
    assert effective_rank(x) == pytest.approx(5, rel=1e-6)
    rotation = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64)).Q
    assert effective_rank(3 * x @ rotation + 100) == pytest.approx(5, rel=1e-6)
    assert effective_rank(torch.outer(torch.arange(9.0), torch.randn(4))) == pytest.approx(1, abs=1e-4)
    assert effective_rank(torch.ones(7, 3)) == 0
