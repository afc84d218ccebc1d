"""Metrics of clusters against scikit-learn, slow loops and cases worked by hand."""

import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import balanced_accuracy_score, normalized_mutual_info_score

from pipeline.metrics import measure
from pipeline.ops.clusterings import matched

NAMES = ("cluster_accuracy", "cluster_information", "cluster_count_error", "new_share", "new_share_gap")


def evidence(clusters, labels, test_clusters, test_labels, old, found=6, true=5):
    return SimpleNamespace(
        unlabelled_clusters=clusters, unlabelled_labels=labels, unlabelled_predictions=matched(clusters, labels),
        clusters=test_clusters, labels=test_labels, predictions=matched(test_clusters, test_labels),
        old_classes=old, found_clusters=found, true_classes=true,
    )  # fmt: skip


def drawn(seed=0, old=3):
    make = torch.Generator().manual_seed(seed)
    parts = []
    for count in (200, 90):
        labels = torch.randint(5, (count,), generator=make)
        stray = torch.rand(count, generator=make) < 0.5
        parts += [torch.where(stray, torch.randint(6, (count,), generator=make), 5 - labels), labels]
    return evidence(*parts, old)


@pytest.mark.parametrize("seed", range(3))
def test_by_scipy_and_scikit_learn(seed):
    made = drawn(seed)
    found, examples, _ = measure(made, NAMES)
    for prefix, clusters, labels in (
        ("", made.unlabelled_clusters, made.unlabelled_labels),
        ("_test", made.clusters, made.labels),
    ):
        clusters, labels = clusters.numpy(), labels.numpy()
        weights = np.zeros((6, 6), dtype=int)
        np.add.at(weights, (clusters, labels), 1)
        rows, columns = linear_sum_assignment(weights.max() - weights)
        classes = dict(zip(rows, columns, strict=True))
        predicted = np.array([classes[c] for c in clusters])
        wanted = {
            "": (predicted == labels).mean(),
            "_old": (predicted == labels)[labels < 3].mean(),
            "_new": (predicted == labels)[labels >= 3].mean(),
        }
        for name, value in wanted.items():
            assert found[f"cluster_accuracy{prefix}{name}"] == pytest.approx(100 * value)
        # a class that is predicted and not there is no matter to scikit-learn's mean over those that are
        with warnings.catch_warnings(action="ignore"):
            balanced = balanced_accuracy_score(labels, predicted)
        assert found[f"cluster_accuracy{prefix}_balanced"] == pytest.approx(100 * balanced)
        if not prefix:
            assert found["new_share"] == pytest.approx(100 * (predicted >= 3).mean())
            gap = abs((predicted >= 3).mean() - (labels >= 3).mean())
            assert found["new_share_gap"] == pytest.approx(100 * gap)
            mutual = normalized_mutual_info_score(labels, clusters)
            assert found["cluster_information"] == pytest.approx(100 * mutual)
    assert found["cluster_count_error"] == 1.0
    assert len(examples["cluster_accuracy"]) == 200 and len(examples["cluster_accuracy_test"]) == 90


def test_one_matching_holds_for_old_and_new_together():
    """Two matchings, of old and new classes apart, would let cluster 0 count twice, and find 100% of both."""
    labels = torch.tensor([0, 0, 0, 1, 1])
    clusters = torch.tensor([0, 0, 0, 0, 0])
    found, _, _ = measure(evidence(clusters, labels, clusters, labels, old=1), ["cluster_accuracy"])
    assert (found["cluster_accuracy_old"], found["cluster_accuracy_new"]) == (100.0, 0.0)
    assert found["cluster_accuracy"] == 60.0 and found["cluster_accuracy_balanced"] == 50.0


def test_without_new_classes_there_is_nothing_to_measure_of_them():
    made = drawn(old=5)
    found, _, absent = measure(made, ["cluster_accuracy"])
    assert absent.keys() == {"cluster_accuracy_new", "cluster_accuracy_test_new"}
    assert found["cluster_accuracy_old"] == found["cluster_accuracy"]


def test_prototypes_by_loops():
    prototypes = torch.randn(5, 3, generator=torch.Generator().manual_seed(4))
    cosines = [
        float(torch.cosine_similarity(prototypes[i], prototypes[j], 0)) for i in range(5) for j in range(5) if i != j
    ]
    found = measure(SimpleNamespace(prototypes=prototypes), ["prototype_cosine"]).values
    assert found["prototype_cosine"] == pytest.approx(sum(cosines) / 20, rel=1e-5)
    for none in (None, prototypes[:1]):
        assert measure(SimpleNamespace(prototypes=none), ["prototype_cosine"]).absent


def test_forgetting_by_hand():
    labels, predictions = torch.tensor([0, 0, 1, 1, 2]), torch.tensor([0, 2, 1, 1, 2])
    made = SimpleNamespace(before_sessions=90.0, predictions=predictions, labels=labels, old_classes=2)
    assert measure(made, ["forgetting"]).values == {"forgetting": 15.0}
    made.before_sessions = None
    assert measure(made, ["forgetting"]).absent
