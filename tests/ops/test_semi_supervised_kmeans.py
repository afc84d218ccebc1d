"""Lloyd's algorithm with some points held, by loops; labels that bind, none at all, and clusters that run empty."""

import math

import pytest
import torch
from sklearn.cluster import KMeans

from pipeline.ops.semi_supervised_kmeans import _drawn, _start, semi_supervised_kmeans


def blobs(seed=0, spread=0.6):
    """Points of four classes, 40 of each; 10 of each of the first two have labels."""
    make = torch.Generator().manual_seed(seed)
    means = torch.tensor([[0.0, 0, 0], [4, 0, 0], [0, 4, 0], [4, 4, 1]])
    classes = torch.arange(160) % 4
    points = means[classes] + spread * torch.randn(160, 3, generator=make)
    given = (torch.arange(160) < 40) & (classes < 2)
    return points[~given], classes[~given], points[given], classes[given]


def slow(points, labelled, labels, centres):
    """Lloyd's rounds from the centres until nothing moves; centres, numbers, the sum of squares."""
    points, labelled, centres = (each.double().tolist() for each in (points, labelled, centres))

    def square(a, b):
        return sum((x - y) ** 2 for x, y in zip(a, b, strict=True))

    def nearest(point):
        return min(range(len(centres)), key=lambda c: square(point, centres[c]))

    numbers = [nearest(point) for point in points]
    while True:
        for c in range(len(centres)):
            members = [x for x, y in zip(labelled, labels.tolist(), strict=True) if y == c]
            members += [x for x, n in zip(points, numbers, strict=True) if n == c]
            centres[c] = [math.fsum(column) / len(members) for column in zip(*members, strict=True)]
        before, numbers = numbers, [nearest(point) for point in points]
        if numbers == before:
            break
    inertia = sum(square(x, centres[n]) for x, n in zip(points, numbers, strict=True))
    return (
        centres,
        numbers,
        inertia + sum(square(x, centres[y]) for x, y in zip(labelled, labels.tolist(), strict=True)),
    )


@pytest.mark.parametrize("spread", [0.6, 2.0])
def test_a_start_by_loops(spread):
    points, _, labelled, labels = blobs(spread=spread)
    known = torch.stack([labelled[labels == c].mean(0) for c in (0, 1)])
    begun = _drawn(points, known, 4, torch.Generator().manual_seed(5))
    assert torch.equal(begun[:2], known) and all((points == centre).all(1).any() for centre in begun[2:])
    centres, numbers, inertia = _start(points, labelled, labels, 4, torch.Generator().manual_seed(5))
    wanted = slow(points, labelled, labels, begun)
    torch.testing.assert_close(centres, torch.tensor(wanted[0]).float())
    assert numbers.tolist() == wanted[1] and inertia == pytest.approx(wanted[2], rel=1e-5)


def test_clear_classes_are_found_and_old_ones_keep_their_numbers():
    points, classes, labelled, labels = blobs(spread=0.3)
    _, numbers = semi_supervised_kmeans(points, labelled, labels, 4, generator=torch.Generator().manual_seed(0))
    assert torch.equal(numbers[classes < 2], classes[classes < 2])
    assert len(numbers[classes == 2].unique()) == len(numbers[classes == 3].unique()) == 1


def test_labels_bind_even_where_they_are_odd():
    points, _, labelled, _ = blobs()
    odd = torch.arange(len(labelled)) % 2
    centres, numbers = semi_supervised_kmeans(points, labelled, odd, 4, generator=torch.Generator().manual_seed(0))
    for c in (0, 1):
        members = torch.cat([labelled[odd == c], points[numbers == c]])
        torch.testing.assert_close(centres[c], members.mean(0))


def test_the_best_of_the_starts_is_taken():
    points, _, labelled, labels = blobs(3, 1.5)
    draws = torch.Generator().manual_seed(1)
    each = [_start(points, labelled, labels, 6, draws) for _ in range(8)]
    centres, _ = semi_supervised_kmeans(
        points, labelled, labels, 6, starts=8, generator=torch.Generator().manual_seed(1)
    )
    assert len({round(start[2], 3) for start in each}) > 1
    assert torch.equal(centres, min(each, key=lambda start: start[2])[0])


def test_without_labels_it_is_k_means():
    points, _, labelled, labels = blobs(2, 1.0)
    draws = torch.Generator().manual_seed(0)
    centres, numbers = semi_supervised_kmeans(points, labelled[:0], labels[:0], 5, starts=20, generator=draws)
    wanted = KMeans(5, n_init=20, random_state=0).fit(points.numpy()).inertia_
    assert float((points - centres[numbers]).square().sum()) == pytest.approx(wanted, rel=1e-3)


def test_a_cluster_that_runs_empty_is_filled():
    points = torch.tensor([[0.0], [0.0], [0.0], [9.0], [10.0]])
    none = points[:0], torch.empty(0, dtype=torch.long)
    for seed in range(20):
        centres, numbers = semi_supervised_kmeans(
            points, *none, 3, starts=1, generator=torch.Generator().manual_seed(seed)
        )
        assert (
            centres.isfinite().all() and sorted(centres.flatten().tolist()) == [0, 9, 10] and len(numbers.unique()) == 3
        )
