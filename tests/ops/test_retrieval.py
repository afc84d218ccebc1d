"""Retrieval and verification by loops over small sets, and in closed form."""

import pytest
import torch

from pipeline.errors import Absent
from pipeline.ops import retrieval
from tests.kit.methods import dot, unit


def drawn(seed=0, count=30, classes=4):
    make = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, generator=make), torch.randint(classes, (count,), generator=make)


def test_similarities_are_cosines_and_no_image_is_its_own_neighbour():
    z, _ = drawn()
    found = retrieval.among(z)
    units = [unit(row) for row in z.double().tolist()]
    for i, a in enumerate(units):
        assert found[i, i] == -torch.inf
        for j, b in enumerate(units):
            assert i == j or found[i, j].item() == pytest.approx(dot(a, b), abs=1e-6)
    other = retrieval.among(z, lambda a, b: -torch.cdist(a, b))
    assert other[0, 1].item() == pytest.approx(-(z[0] - z[1]).norm().item(), rel=1e-5)


def test_hits_are_in_the_order_of_similarity():
    z, labels = drawn()
    similarities = retrieval.among(z)
    hits, relevant = retrieval.hits(similarities, labels), retrieval.relevant(labels)
    assert hits.shape == (30, max(labels.tolist().count(c) for c in range(4)) - 1)
    for i in range(30):
        order = sorted((j for j in range(30) if j != i), key=lambda j: -similarities[i, j].item())
        assert hits[i].tolist() == [bool(labels[j] == labels[i]) for j in order[: hits.shape[1]]]
        assert relevant[i] == sum(bool(labels[j] == labels[i]) for j in range(30)) - 1


def test_pairs_are_counted_once():
    z, labels = drawn()
    similarities = retrieval.among(z)
    same, different = retrieval.pairs(similarities, labels)
    wanted = {True: [], False: []}
    for i in range(30):
        for j in range(i):
            wanted[bool(labels[i] == labels[j])].append(similarities[i, j].item())
    for found, each in ((same, wanted[True]), (different, wanted[False])):
        assert found.tolist() == pytest.approx(sorted(each), abs=1e-6)


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.1, 0.37, 1.0])
def test_a_threshold_accepts_at_most_the_rate_and_a_lower_one_more(rate):
    scores = torch.randn(1000, generator=torch.Generator().manual_seed(1)).sort().values
    threshold = retrieval.accepted(scores, rate)
    count = int((scores > threshold).sum())
    assert count == min(int(rate * 1000), 999)
    assert retrieval.above(scores, threshold) == pytest.approx(count / 1000)


def test_thirds():
    levels = torch.tensor([5, 0, 3, 9, 9, 1, 2, 7, 4])
    assert levels[retrieval.third(levels, worst=True)].sort().values.tolist() == [7, 9, 9]
    assert levels[retrieval.third(levels, worst=False)].sort().values.tolist() == [0, 1, 2]
    tied = torch.tensor([0, 0, 0, 0, 0, 3])
    assert retrieval.third(tied, worst=False).sum() == 5
    with pytest.raises(Absent, match="one quality"):
        retrieval.third(torch.zeros(4), worst=True)


def test_what_figures_keep_is_of_the_same_queries_whatever_the_similarities():
    z, labels = drawn()
    images = torch.arange(30, dtype=torch.uint8)[:, None, None, None]
    kept = retrieval.rows(retrieval.among(z), labels, images)
    other = retrieval.rows(retrieval.among(z.flip(0)), labels, images)
    shown, hits = kept["row_images"].flatten(1).long(), kept["row_hits"]
    assert shown.shape == (4, 9) and torch.equal(shown[:, 0], other["row_images"].flatten(1).long()[:, 0])
    assert torch.equal(hits, labels[shown] == labels[shown[:, :1]]) and hits[:, 0].all()
    assert len(set(labels[shown[:, 0]].tolist())) == 4


def test_true_accepts_rise_with_false_ones():
    z, labels = drawn()
    found = retrieval.rates(*retrieval.pairs(retrieval.among(z), labels))
    assert (found["true_accepts"].diff() >= 0).all() and found["false_accepts"][-1] == 1
    assert retrieval.rates(torch.zeros(0), torch.zeros(3)) == {}
