"""Probes of frozen features against scikit-learn and loops."""

import math

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from pipeline.exhibits import labels as printed
from pipeline.metrics import measure
from pipeline.ops import probes
from pipeline.ops.convergence import NotConverged
from pipeline.ops.probes import knn_predict, label_fraction, linear_probe, naive_bayes, share_name
from tests.kit.evidence import self_supervised


@pytest.fixture(autouse=True)
def one_thread():
    """As in a run: on a busy machine threads wait for each other a thousand times a probe."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def clusters(size=300, dim=8, classes=4, spread=1.5, seed=0):
    """Overlapping classes whose features are correlated, offset and of very different scales."""
    torch.manual_seed(seed)
    labels = torch.arange(size) % classes
    features = torch.randn(classes, dim)[labels] + spread * torch.randn(size, dim)
    mixing = torch.randn(dim, dim)
    return (features @ mixing) * torch.logspace(-2, 2, dim) + 10, labels


def scikit_learns(train, labels, test, classes, l2=1e-4):
    """Probabilities (N, K) of scaler and logistic regression, whose classes are those that occur."""
    # of two classes scikit-learn has one weight vector, which the two here halve between them
    strength = (2 if len(labels.unique()) == 2 else 1) / (l2 * len(train))
    regression = LogisticRegression(C=strength, tol=1e-10, max_iter=1000, solver="newton-cholesky")
    model = make_pipeline(StandardScaler(), regression).fit(train.double().numpy(), labels.numpy())
    found = torch.zeros(len(test), classes, dtype=torch.float64)
    found[:, model.classes_] = torch.from_numpy(model.predict_proba(test.double().numpy()))
    return found


def is_scikit_learns(train, labels, test, classes, l2=1e-4, atol=1e-3):
    found, want = linear_probe(train, labels, test, classes, l2=l2), scikit_learns(train, labels, test, classes, l2)
    assert found.solved.converged
    torch.testing.assert_close(found.logits.softmax(1), want, atol=atol, rtol=0)
    top = want.topk(2).values
    clear = top[:, 0] - top[:, 1] > 2 * atol
    assert clear.double().mean() > 0.95 and torch.equal(found.logits.argmax(1)[clear], want.argmax(1)[clear])
    return found


@pytest.mark.parametrize("l2", [1e-4, 1e-2])
def test_the_linear_probe_is_scikit_learns_logistic_regression(l2):
    x, y = clusters()
    is_scikit_learns(x[:200], y[:200], x[200:], 4, l2, atol=1e-4)


def collapsed(size, dim=48, classes=6):
    """Classes apart along directions of variances from 1 to 1e-7 of the greatest, all features alike but for that."""
    draw = torch.Generator().manual_seed(5)
    labels = torch.arange(size) % classes
    spread = torch.logspace(0, -3.5, dim, dtype=torch.float64)
    within = torch.randn(size, dim, generator=draw, dtype=torch.float64)
    x = (0.8 * torch.randn(classes, dim, generator=draw, dtype=torch.float64)[labels] + within) * spread
    mixing = torch.linalg.qr(torch.randn(dim, dim, generator=draw, dtype=torch.float64)).Q
    return x @ mixing + 3, labels


def test_on_collapsed_features_the_probe_reaches_the_optimum_that_fifty_steps_do_not():
    x, y = collapsed(1200)
    train, test = (x[:800], y[:800]), x[800:]
    found = is_scikit_learns(*train, test, 6, atol=1e-4)
    assert found.solved.iterations < 400


@pytest.mark.parametrize(
    "change",
    [
        lambda x, y: (x * torch.logspace(-12, 12, 48, dtype=torch.float64), y),
        lambda x, y: (x + 30 * x[:, :1], y),
        lambda x, y: (torch.cat([x, torch.full((len(x), 1), 0.1), x[:, :2]], 1), y),
        lambda x, y: (x, y.masked_fill(y == 5, 0)),
        lambda x, y: (x, y.clamp(max=1)),
    ],
    ids=["scales", "nearly one direction", "a constant and copies", "a class without examples", "two classes"],
)
def test_the_probe_is_scikit_learns_however_features_and_classes_are(change):
    x, y = change(*collapsed(500))
    is_scikit_learns(x[:400], y[:400], x[400:], 6)


@pytest.mark.parametrize("size", [12, 30])
def test_the_probe_is_scikit_learns_of_a_few_separable_rows_fewer_than_features(size):
    x, y = collapsed(size + 200)
    is_scikit_learns(x[:size], y[:size], x[size:], 6, atol=5e-3)


def test_a_probe_that_is_stopped_says_so():
    x, y = collapsed(400)
    solved = linear_probe(x, y, x, 6, iterations=3).solved
    assert not solved.converged and solved.iterations == 3 and solved.gradient > 1e-3
    assert solved.record() == {"converged": False, "iterations": 3, "gradient": solved.gradient}
    with pytest.warns(NotConverged, match="^the probe did not converge: stopped after 3 steps, the gradient is"):
        solved.checked("the probe")


def test_a_probe_of_features_that_are_all_the_same_converges_at_once():
    y = torch.arange(40) % 4
    found = linear_probe(torch.ones(40, 3), y, torch.ones(5, 3), 4)
    assert found.solved.converged and found.logits.softmax(1).sub(0.25).abs().max() < 1e-6


def test_the_linear_probe_ignores_scale_offset_and_constant_features():
    x, y = clusters()
    plain = linear_probe(x[:200], y[:200], x[200:], 4).logits
    moved = torch.cat([x * torch.arange(1, 9) - 3, torch.full((300, 1), 5.0)], 1)
    torch.testing.assert_close(linear_probe(moved[:200], y[:200], moved[200:], 4).logits, plain, atol=2e-3, rtol=2e-3)


def test_the_linear_probe_is_deterministic_and_survives_separable_classes():
    x = torch.eye(4).repeat(10, 1)
    y = torch.arange(40) % 4
    logits = linear_probe(x, y, x, 4, l2=0.0).logits
    assert torch.isfinite(logits).all() and torch.equal(logits.argmax(1), y)
    assert torch.equal(logits, linear_probe(x, y, x, 4, l2=0.0).logits)


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


def test_naive_bayes_is_scikit_learns_on_features_scaled_to_1_with_its_floor_whatever_their_scale():
    x, y = collapsed(330)
    x = x * torch.logspace(-12, 12, 48, dtype=torch.float64)
    for size in (12, 300):  # of 12 examples a class has two, which may all but coincide
        train, test, labels = x[:size], x[size:], y[:size]
        scaler = MinMaxScaler().fit(train.numpy())
        reference = GaussianNB(var_smoothing=0).fit(scaler.transform(train.numpy()), labels.numpy())
        reference.var_[:] = reference.class_prior_ @ reference.var_ + 1e-9
        want = reference.predict_log_proba(scaler.transform(test.numpy()))
        np.testing.assert_allclose(naive_bayes(train, labels, test, 6).numpy(), want, rtol=1e-6, atol=1e-6)


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
    metrics, examples, _ = measure(made, ["linear_top1", "naive_bayes_top1", "knn_top1"])
    known, of, test, y = made.bank, made.bank_labels, made.features, made.labels
    want = {
        "linear_top1": made.probe_logits,
        "linear_top1_10pct": made.further_probe_logits["10pct"],
        "linear_top1_projected": made.further_probe_logits["projected"],
        "naive_bayes_top1": naive_bayes(known, of, test, 4),
        "naive_bayes_top1_1pct": naive_bayes(known[:5], of[:5], test, 4),
        "naive_bayes_top1_10pct": naive_bayes(known[:30], of[:30], test, 4),
    }
    right = {name: scores.argmax(1) == y for name, scores in want.items()}
    right["knn_top1"] = knn_predict(known, of, test, made.probe.neighbours, 4) == y
    assert metrics == {name: 100 * hits.sum().item() / len(y) for name, hits in right.items()}
    assert len({tuple(hits.tolist()) for hits in right.values()}) == 7
    assert examples.keys() == metrics.keys()
    assert all(examples[name].tolist() == [100.0 * hit for hit in hits.tolist()] for name, hits in right.items())
