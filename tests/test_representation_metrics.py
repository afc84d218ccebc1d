"""Probes against scikit-learn; geometry against slow loops and closed forms."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from pipeline.metrics import representation
from pipeline.metrics.representation import (
    alignment,
    effective_rank,
    knn_predict,
    label_fraction,
    linear_probe,
    naive_bayes,
    share_name,
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


def test_naive_bayes_is_scikit_learns_with_the_classes_variances_pooled():
    x, y = clusters()
    keep = (y != 3) | (torch.arange(300) % 3 == 0)  # a class that is rarer than the others
    x, y = x[keep].double(), y[keep]
    train, test, labels = x[:150], x[150:], y[:150]
    reference = GaussianNB(var_smoothing=0).fit(train.numpy(), labels.numpy())
    reference.var_[:] = reference.class_prior_ @ reference.var_
    found = naive_bayes(train, labels, test, 4)
    np.testing.assert_allclose(found.numpy(), reference.predict_log_proba(test.numpy()), rtol=1e-5, atol=1e-5)


def test_naive_bayes_against_loops_with_one_example_a_class_and_a_class_without_any():
    train = torch.tensor([[0.0, 10.0, 5.0], [1.0, 30.0, 5.0], [0.5, 20.0, 5.0]])
    labels, test = torch.tensor([0, 2, 3]), torch.tensor([[0.2, 12.0, 9.0], [0.9, 28.0, -9.0], [0.51, 20.4, 5.0]])
    found = naive_bayes(train, labels, test, 4)
    assert found[:, 1].eq(-math.inf).all() and found[:, [0, 2, 3]].isfinite().all()
    for n in range(3):
        # variances are the floor alone, of features scaled to [0, 1]; the third is constant and left out
        scores = [
            -sum(((test[n, j] - train[m, j]).item() / (train[1, j] - train[0, j]).item()) ** 2 for j in range(2)) / 2e-9
            for m in range(3)
        ]
        expected = torch.tensor(scores, dtype=torch.float64).log_softmax(0)
        torch.testing.assert_close(found[n, [0, 2, 3]], expected, rtol=1e-5, atol=1.0)
    assert found.argmax(1).tolist() == [0, 2, 3]


def test_naive_bayes_ignores_scale_offset_and_constant_features():
    x, y = clusters()
    plain = naive_bayes(x[:200].double(), y[:200], x[200:].double(), 4)
    moved = torch.cat([x.double() * torch.arange(1, 9) - 3, torch.full((300, 1), 5.0)], 1)
    torch.testing.assert_close(naive_bayes(moved[:200], y[:200], moved[200:], 4), plain)
    torch.testing.assert_close(plain.exp().sum(1), torch.ones(100, dtype=torch.float64))


def test_a_fraction_of_labels_has_its_share_of_each_class_and_at_least_one():
    labels = torch.tensor([0] * 95 + [1] * 50 + [3] * 3)[torch.randperm(148, generator=torch.Generator())]

    def draw(fraction, seed=0):
        return label_fraction(labels, fraction, torch.Generator().manual_seed(seed))

    for fraction, counts in ((0.1, [10, 5, 0, 1]), (0.01, [1, 1, 0, 1]), (0.0, [1, 1, 0, 1]), (1.0, [95, 50, 0, 3])):
        chosen = draw(fraction)
        assert torch.bincount(labels[chosen]).tolist() == counts
        assert chosen.tolist() == sorted(set(chosen.tolist()))
        assert torch.equal(chosen, draw(fraction))
    assert not torch.equal(draw(0.1), draw(0.1, seed=1))
    assert set(draw(0.01).tolist()) < set(draw(0.1).tolist())


def test_shares_of_labels_are_named_and_read_back():
    from pipeline.exhibits import labels

    assert [share_name(s) for s in (0.01, 0.1, 0.005, 1.0)] == ["1pct", "10pct", "0_5pct", "100pct"]
    assert labels.label_share(f"linear_top1_{share_name(0.005)}") == ("linear_top1", 0.5)
    assert labels.label_share("linear_top1") == ("linear_top1", None)
    assert labels.metric("naive_bayes_top1_1pct") == "Naive Bayes top-1 (%), 1% of labels"
