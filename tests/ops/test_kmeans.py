"""k-means against Lloyd's algorithm in slow loops, its seeds, its empty clusters, and the embedding of a data set."""

import math
import warnings

import pytest
import torch

from pipeline.ops import kmeans as clustering
from pipeline.ops.convergence import NotConverged
from pipeline.ops.kmeans import embedded, kmeans, nearest
from tests.kit.methods import Encoder, Training


def seeded(number):
    return torch.Generator().manual_seed(number)


def blobs(sizes, apart=20.0, dim=3):
    draws = seeded(0)
    centres = apart * torch.randn(len(sizes), dim, generator=draws)
    labels = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    return centres[labels] + torch.randn(len(labels), dim, generator=draws), labels


def test_kmeans_finds_groups_of_very_different_sizes():
    points, labels = blobs([200, 30, 5, 60])
    _, found = kmeans(points, 4, generator=seeded(1))
    pairs = {(int(a), int(b)) for a, b in zip(labels, found, strict=True)}
    assert len(pairs) == 4, "a bijection between groups and clusters"


def test_kmeans_equals_lloyds_algorithm_in_slow_loops():
    torch.manual_seed(5)
    points = torch.randn(60, 2)
    seeds = clustering._plus_plus(points - points.mean(0), 5, seeded(2)) + points.mean(0)
    centres, rows = seeds.double().tolist(), points.double().tolist()
    for _ in range(60):
        members = [[] for _ in centres]
        for row in rows:
            members[min(range(5), key=lambda k, row=row: math.dist(row, centres[k]))].append(row)
        assert all(members)
        centres = [[sum(column) / len(group) for column in zip(*group, strict=True)] for group in members]
    found, labels = kmeans(points, 5, iterations=60, generator=seeded(2))
    torch.testing.assert_close(found.double(), torch.tensor(centres, dtype=torch.float64), atol=1e-5, rtol=1e-4)
    expected = [min(range(5), key=lambda k, row=row: math.dist(row, centres[k])) for row in rows]
    assert labels.tolist() == expected


def test_kmeans_depends_on_its_generator_alone_and_not_on_the_size_of_chunks(monkeypatch):
    points, _ = blobs([20, 30, 25], apart=1.0)
    first = kmeans(points, 6, generator=seeded(7))
    torch.randn(3)
    monkeypatch.setattr(clustering, "ENTRIES", 17)
    second = kmeans(points, 6, generator=seeded(7))
    assert torch.equal(first[1], second[1])
    torch.testing.assert_close(first[0], second[0])
    torch.manual_seed(7)
    torch.testing.assert_close(kmeans(points, 6)[0], first[0])


def test_a_cluster_without_points_moves_to_the_farthest_point():
    points = torch.tensor([[0.0], [1.0], [2.0], [50.0]])
    labels, distances = torch.tensor([0, 0, 0, 0]), torch.tensor([1.0, 0.0, 1.0, 2400.0])
    centres = clustering._means(points, labels, distances, 2)
    assert centres.tolist() == [[1.0], [50.0]]


def test_kmeans_with_as_many_clusters_as_points_and_with_fewer_distinct_ones():
    points, _ = blobs([3, 3])
    centres, labels = kmeans(points, 6)
    assert sorted(labels.tolist()) == [0, 1, 2, 3, 4, 5]
    torch.testing.assert_close(centres[labels], points, atol=1e-4, rtol=1e-4)
    centres, labels = kmeans(torch.ones(5, 2), 3)
    assert centres.isfinite().all() and len(labels) == 5
    with pytest.raises(ValueError, match="7 clusters of 6 points"):
        kmeans(points, 7)


def test_nearest_lists_the_centres_by_distance():
    torch.manual_seed(1)
    points, centres = torch.randn(11, 4), torch.randn(6, 4)
    for point, places in zip(points, nearest(points, centres, 3).tolist(), strict=True):
        assert places == sorted(range(6), key=lambda k, p=point: float((p - centres[k]).norm()))[:3]


def test_embedding_the_training_set_leaves_running_statistics_alone():
    encoder = Encoder()
    before = encoder.norm.running_mean.clone()
    found = embedded(encoder, Training().plain())
    assert encoder.training and torch.equal(encoder.norm.running_mean, before)
    with torch.no_grad():
        expected = torch.cat([encoder.eval()(part) for part in Training().plain()])
    torch.testing.assert_close(found, expected)


def test_kmeans_goes_on_until_no_point_moves_and_says_where_it_cannot(monkeypatch):
    points = torch.rand(3000, 2, generator=seeded(3))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        centres, labels = kmeans(points, 40, generator=seeded(4))
        kmeans(points, 40, iterations=2, generator=seeded(4))  # as many as a paper says
    means = torch.stack([points[labels == k].mean(0) for k in range(40)])
    torch.testing.assert_close(centres, means, atol=1e-5, rtol=1e-5)
    assert torch.equal(nearest(points, means, 1)[:, 0], labels)
    monkeypatch.setattr(clustering, "LIMIT", 2)
    with pytest.warns(NotConverged, match="k-means did not converge: stopped after 2 steps, .* of 3000 points"):
        kmeans(points, 40, generator=seeded(4))
