"""Metrics of retrieval and verification by slow loops, and on similarities made up so that they are known."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.errors import Absent
from pipeline.metrics import (
    centre_cosine,
    eer,
    high_recall_1,
    inter,
    intra,
    low_recall_1,
    map_r,
    opis,
    r_precision,
    recall_1,
    tar_far3,
    tar_far4,
    utilisation,
)
from pipeline.ops import retrieval

CLASSES = 5


@pytest.fixture
def data():
    """Embeddings of 60 images, one of which is alone in its class, with all that metrics are given of them."""
    make = torch.Generator().manual_seed(0)
    labels = torch.cat([torch.randint(CLASSES, (59,), generator=make), torch.tensor([CLASSES])])
    z = torch.randn(CLASSES + 1, 4, generator=make)[labels] + 0.8 * torch.randn(60, 4, generator=make)
    similarities = retrieval.among(z)
    return {
        "features": z,
        "labels": labels,
        "similarities": similarities,
        "hits": retrieval.hits(similarities, labels),
        "relevant": retrieval.relevant(labels),
        "pairs": retrieval.pairs(similarities, labels),
    }


def ranked(data):
    """(whether each other image is of the class, nearest first; how many are) of every query that is not alone."""
    labels = data["labels"].tolist()
    for i, row in enumerate(data["similarities"].tolist()):
        order = sorted((j for j in range(len(labels)) if j != i), key=lambda j: -row[j])
        right = [labels[j] == labels[i] for j in order]
        if sum(right):
            yield right, sum(right)


def test_retrieval_by_loops(data):
    first, precision, average = [], [], []
    for right, count in ranked(data):
        first.append(100.0 * right[0])
        precision.append(100.0 * sum(right[:count]) / count)
        hits = [sum(right[: i + 1]) / (i + 1) for i in range(count) if right[i]]
        average.append(100.0 * sum(hits) / count)
    assert len(first) == 59 and 20 < sum(first) / 59 < 95
    assert recall_1.compute(data["hits"], data["relevant"], None, None)[""].tolist() == first
    assert r_precision.compute(data["hits"], data["relevant"]).tolist() == pytest.approx(precision)
    assert map_r.compute(data["hits"], data["relevant"], None, None)[""].tolist() == pytest.approx(average)


def test_seen_classes_are_measured_beside(data):
    seen = torch.tensor([[True], [False], [False]]), torch.tensor([1, 1, 0])
    found = recall_1.compute(data["hits"], data["relevant"], *seen)
    assert found["seen"].tolist() == [100, 0]
    assert map_r.compute(data["hits"], data["relevant"], *seen)["seen"].tolist() == [100, 0]


def test_recall_by_quality(data):
    levels = torch.arange(60)
    for metric, part in ((low_recall_1, slice(40, 60)), (high_recall_1, slice(0, 20))):
        kept = (data["relevant"][part] > 0).nonzero().squeeze(1)
        found = metric.compute(data["hits"], data["relevant"], levels)
        assert found.tolist() == (100.0 * data["hits"][part][kept, 0]).tolist()
        with pytest.raises(Absent, match="records no quality"):
            metric.compute(data["hits"], data["relevant"], None)


def test_verification_by_loops():
    make = torch.Generator().manual_seed(1)
    same = (torch.randn(500, generator=make) + 2).sort().values
    different = torch.randn(20_000, generator=make).sort().values
    for metric, rate in ((tar_far3, 1e-3), (tar_far4, 1e-4)):
        # the lowest threshold that few enough exceed
        threshold = next(t for t in different.tolist() if (different > t).sum() <= rate * 20_000)
        wanted = 100 * (same > threshold).double().mean().item()
        assert metric.compute((same, different)) == pytest.approx(wanted) and 1 < wanted < 99
    with pytest.raises(Absent, match="9999 pairs of two classes are too few"):
        tar_far4.compute((same, different[:9999]))
    rates = [((same < t).double().mean().item(), (different >= t).double().mean().item()) for t in same.tolist()]
    wanted = min(rates, key=lambda each: abs(each[0] - each[1]))
    found = eer.compute((same, different))
    assert found == pytest.approx(50 * sum(wanted))
    # two normal distributions two deviations apart
    assert found == pytest.approx(100 * 0.5 * math.erfc(1 / math.sqrt(2)), abs=1.5)


def test_opis_by_loops(data):
    s, labels, (_, different) = data["similarities"].tolist(), data["labels"].tolist(), data["pairs"]
    ends = [retrieval.accepted(different, rate) for rate in (0.1, 0.01)]
    thresholds = torch.linspace(*ends, 100).tolist()
    utilities = []
    for t in thresholds:
        of_classes = []
        for c in range(CLASSES):
            own = [i for i, y in enumerate(labels) if y == c]
            within = [s[i][j] > t for i in own for j in own if i != j]
            beyond = [s[i][j] > t for i in own for j in range(60) if labels[j] != c]
            psi, phi = sum(within) / len(within), 1 - sum(beyond) / len(beyond)
            of_classes.append(2 * phi * psi / (phi + psi))
        utilities.append(of_classes)
    spread = [sum((u - sum(of) / len(of)) ** 2 for u in of) / len(of) for of in utilities]
    found = opis.compute(data["similarities"], data["labels"], data["pairs"])
    assert found[""] == pytest.approx(1000 * sum(spread) / 100, rel=1e-6)
    assert found["worst"] == pytest.approx(1000 * sum((max(of) - min(of)) ** 2 for of in utilities) / 100, rel=1e-6)


def test_classes_that_are_alike_are_consistent():
    """Three classes as the corners of an equilateral triangle, each with the same offsets."""
    turn = torch.tensor([0.0, 2.0, 4.0]) * math.pi / 3
    angles = (turn[:, None] + torch.tensor([-0.9, -0.2, 0.3, 1.0])).flatten()
    labels = torch.arange(3).repeat_interleave(4)
    similarities = retrieval.among(torch.stack([angles.cos(), angles.sin()], 1).double().float().round(decimals=4))
    found = opis.compute(similarities, labels, retrieval.pairs(similarities, labels))
    assert found[""] == pytest.approx(0, abs=1.0)
    uneven = similarities.clone()
    uneven[:4, :4] *= 0.2
    assert opis.compute(uneven, labels, retrieval.pairs(uneven, labels))[""] > 10


def test_cosines_within_and_between_classes_by_loops(data):
    z, labels = F.normalize(data["features"].double()), data["labels"].tolist()
    cosines, within, between = (z @ z.T).tolist(), [], []
    for c in range(CLASSES):
        own = [i for i, y in enumerate(labels) if y == c]
        within.append([cosines[i][j] for i in own for j in own if i != j])
    between = [cosines[i][j] for i in range(60) for j in range(60) if labels[i] != labels[j]]
    assert intra.compute(data["features"], data["labels"]) == pytest.approx(
        sum(sum(each) / len(each) for each in within) / CLASSES
    )
    assert inter.compute(data["features"], data["labels"]) == pytest.approx(sum(between) / len(between))
    centres = [sum(z[i] for i, y in enumerate(labels) if y == c) for c in range(CLASSES + 1)]
    nearest = [
        max(F.cosine_similarity(a, b, dim=0).item() for j, b in enumerate(centres) if j != i)
        for i, a in enumerate(centres)
    ]
    assert centre_cosine.compute(data["features"], data["labels"]) == pytest.approx(sum(nearest) / len(nearest))


def test_of_one_class_nothing_lies_between(data):
    with pytest.raises(Absent, match="one class"):
        inter.compute(data["features"], torch.zeros(60, dtype=torch.long))
    with pytest.raises(Absent, match="no class has two"):
        intra.compute(data["features"], torch.arange(60))


def test_utilisation_is_the_distance_to_the_nearest_training_image(data):
    train = torch.randn(7, 4, generator=torch.Generator().manual_seed(2))
    units, z = F.normalize(train.double()), F.normalize(data["features"].double())
    wanted = [min((q - t).square().sum().item() for t in units) for q in z]
    assert utilisation.compute(data["features"], train).tolist() == pytest.approx(wanted, abs=1e-5)
    assert utilisation.compute(train, 3 * train).tolist() == pytest.approx([0] * 7, abs=1e-5)
