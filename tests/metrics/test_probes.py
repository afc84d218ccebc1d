"""Probes of frozen features against scikit-learn and loops."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from pipeline.exhibits import labels as printed
from pipeline.metrics import measure
from pipeline.ops import probes
from pipeline.ops.lbfgs import minimise
from pipeline.ops.probes import knn_predict, label_fraction, linear_probe, naive_bayes, share_name
from tests.kit.evidence import self_supervised


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
    found = linear_probe(train, labels, test, 4, l2=l2, iterations=500).softmax(1)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)


def test_the_linear_probe_ignores_scale_offset_and_constant_features():
    x, y = clusters()
    plain = linear_probe(x[:200], y[:200], x[200:], 4, iterations=500)
    moved = torch.cat([x * torch.arange(1, 9) - 3, torch.full((300, 1), 5.0)], 1)
    torch.testing.assert_close(
        linear_probe(moved[:200], y[:200], moved[200:], 4, iterations=500), plain, atol=2e-3, rtol=2e-3
    )


def test_the_linear_probe_is_deterministic_and_survives_separable_classes():
    x = torch.eye(4).repeat(10, 1)
    y = torch.arange(40) % 4
    logits = linear_probe(x, y, x, 4, l2=0.0)
    assert torch.isfinite(logits).all() and torch.equal(logits.argmax(1), y)
    assert torch.equal(logits, linear_probe(x, y, x, 4, l2=0.0))


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
    monkeypatch.setattr(probes, "ENTRIES", 200 * 7)  # several uneven batches
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
    assert [share_name(s) for s in (0.01, 0.1, 0.005, 1.0)] == ["1pct", "10pct", "0_5pct", "100pct"]
    assert printed.label_share(f"linear_top1_{share_name(0.005)}") == ("linear_top1", 0.5)
    assert printed.label_share("linear_top1") == ("linear_top1", None)


def test_accuracies_are_of_the_features_labels_and_share_that_the_name_says():
    made = self_supervised(False)
    made.few_labels = {"1pct": torch.arange(5), "10pct": torch.arange(30)}
    metrics, examples = measure(made, ["linear_top1", "naive_bayes_top1", "knn_top1"])
    known, of, test, y = made.bank, made.bank_labels, made.features, made.labels
    fit = {"l2": made.probe.l2, "iterations": made.probe.iterations}
    want = {
        "linear_top1": linear_probe(known, of, test, 4, **fit),
        "linear_top1_1pct": linear_probe(known[:5], of[:5], test, 4, **fit),
        "linear_top1_10pct": linear_probe(known[:30], of[:30], test, 4, **fit),
        "linear_top1_projected": linear_probe(
            made.further_bank["projected"], of, made.further_features["projected"], 4, **fit
        ),
        "naive_bayes_top1": naive_bayes(known, of, test, 4),
        "naive_bayes_top1_1pct": naive_bayes(known[:5], of[:5], test, 4),
        "naive_bayes_top1_10pct": naive_bayes(known[:30], of[:30], test, 4),
    }
    right = {name: scores.argmax(1) == y for name, scores in want.items()}
    right["knn_top1"] = knn_predict(known, of, test, made.probe.neighbours, 4) == y
    assert metrics == {name: 100 * hits.sum().item() / len(y) for name, hits in right.items()}
    assert len({tuple(hits.tolist()) for hits in right.values()}) == 8
    assert examples.keys() == metrics.keys()
    assert all(examples[name].tolist() == [100.0 * hit for hit in hits.tolist()] for name, hits in right.items())
