"""Geometry of features against loops over pairs, and frames whose geometry is known."""

import math
import re
from types import SimpleNamespace

import pytest
import torch

from pipeline.metrics import measure, nc1
from pipeline.ops.geometry import class_means, cosine_distances, frame_gap

DRAW = torch.Generator().manual_seed(4)
LABELS = torch.tensor([0, 2, 1, 2, 0, 0, 1, 2, 2, 1, 0])
FEATURES = torch.randn(len(LABELS), 5, generator=DRAW, dtype=torch.float64) + LABELS[:, None]
GEOMETRY = ("within_class_distance", "class_separation", "nc1", "orthogonality_gap", "etf_gap", "class_mean_cosine")


def measured(train, train_labels, test, labels):
    means = class_means(train, train_labels)
    made = SimpleNamespace(
        train_features=train, train_labels=train_labels, class_means=means, features=test, labels=labels
    )
    return measure(made, GEOMETRY)


def geometry(*features):
    metrics, examples, _ = measured(*features)
    assert metrics.keys() == set(GEOMETRY) and not examples
    return metrics


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.sqrt(sum(x * x for x in a) * sum(x * x for x in b))


def collapse(features, labels):
    return nc1.compute(features, labels, class_means(features, labels))


def test_class_means_are_of_the_classes_that_occur():
    labels = torch.tensor([5, 2, 5])
    features = torch.tensor([[1.0, 2.0], [7.0, 7.0], [3.0, 0.0]])
    assert class_means(features, labels).tolist() == [[7, 7], [2, 1]]
    assert class_means(features, labels).dtype == torch.float64


def test_cosine_distances_are_means_over_pairs():
    rows = FEATURES.tolist()
    groups = {c: [row for row, label in zip(rows, LABELS.tolist(), strict=True) if label == c] for c in range(3)}

    def mean_distance(left, right):
        return sum(1 - cosine(a, b) for a in left for b in right) / (len(left) * len(right))

    within, total = cosine_distances(FEATURES, LABELS)
    assert within == pytest.approx(sum(mean_distance(g, g) for g in groups.values()) / 3)
    # every pair of classes counts alike, as with as many examples of each
    assert total == pytest.approx(sum(mean_distance(a, b) for a in groups.values() for b in groups.values()) / 9)
    assert cosine_distances(7 * FEATURES, LABELS) == pytest.approx((within, total))
    found = geometry(FEATURES, LABELS, FEATURES, LABELS)
    assert found["within_class_distance"] == within and found["class_separation"] == pytest.approx(1 - within / total)


def test_the_cosine_of_class_means_is_a_mean_over_pairs():
    means = [FEATURES[c == LABELS].mean(0).tolist() for c in range(3)]
    want = sum(cosine(means[a], means[b]) for a in range(3) for b in range(a)) / 3
    assert geometry(FEATURES, LABELS, FEATURES, LABELS)["class_mean_cosine"] == pytest.approx(want)


def test_nc1_against_scatter_matrices_summed_one_by_one():
    means = [FEATURES[c == LABELS].mean(0) for c in range(3)]
    centre = sum(means) / 3
    within = sum(torch.outer(x - means[y], x - means[y]) for x, y in zip(FEATURES, LABELS.tolist(), strict=True))
    between = sum(torch.outer(m - centre, m - centre) for m in means) / 3
    want = float((within / len(LABELS) @ torch.linalg.pinv(between, rtol=1e-9)).trace()) / 3
    assert collapse(FEATURES, LABELS) == pytest.approx(want)
    # invariant to scale, shift and rotation; zero where classes are points
    turned = torch.linalg.qr(torch.randn(5, 5, generator=DRAW, dtype=torch.float64)).Q
    assert collapse(3 * FEATURES @ turned + 5, LABELS) == pytest.approx(want)
    assert collapse(torch.stack(means)[LABELS], LABELS) == pytest.approx(0, abs=1e-12)


def test_known_frames():
    eye = torch.eye(4, dtype=torch.float64)
    simplex = eye - 1 / 4
    assert frame_gap(3 * eye, eye) == pytest.approx(0)
    assert frame_gap(2 * simplex, simplex) == pytest.approx(0)
    # <I, ones> / (|I| |ones|) = 4 / (2 * 4)
    assert frame_gap(torch.ones(4, 1, dtype=torch.float64), eye) == pytest.approx(math.sqrt(2 - 2 * 0.5))
    labels = torch.arange(12) % 4
    orthogonal = geometry(eye[labels], labels, eye[labels], labels)
    assert orthogonal["orthogonality_gap"] == pytest.approx(0, abs=1e-7)
    assert orthogonal["etf_gap"] == pytest.approx(0, abs=1e-7)
    assert orthogonal["class_mean_cosine"] == pytest.approx(0)
    assert orthogonal["within_class_distance"] == pytest.approx(0)
    assert orthogonal["class_separation"] == pytest.approx(1)
    etf = geometry(simplex[labels], labels, simplex[labels], labels)
    assert etf["class_mean_cosine"] == pytest.approx(-1 / 3)
    assert etf["etf_gap"] == pytest.approx(0, abs=1e-7) and etf["orthogonality_gap"] > 0.1


def test_of_collapsed_features_what_is_about_the_place_of_class_means_is_absent():
    for features in (torch.zeros(6, 3), torch.ones(6, 3) / 3):
        found = measured(features, LABELS[:6], torch.ones(6, 3), LABELS[:6])
        assert found.absent == dict.fromkeys(["nc1", "orthogonality_gap", "etf_gap"], "the class means coincide")
        assert found.values.keys() | found.absent.keys() == set(GEOMETRY)
        assert found.values["class_separation"] == 0


@pytest.mark.parametrize(
    ("labels", "absent"),
    [
        (torch.zeros(6, dtype=torch.int64), set(GEOMETRY) - {"within_class_distance"}),
        (torch.arange(6), {"within_class_distance", "class_separation", "nc1"}),
        (torch.zeros(1, dtype=torch.int64), set(GEOMETRY)),
    ],
    ids=["one class", "one example a class", "one example"],
)
def test_what_takes_two_classes_or_two_examples_of_one_is_absent_without(labels, absent):
    features = FEATURES[: len(labels)]
    found = measured(features, labels, features, labels)
    assert found.absent.keys() == absent and found.values.keys() == set(GEOMETRY) - absent
    assert all(re.search("takes two|has two", reason) for reason in found.absent.values())
