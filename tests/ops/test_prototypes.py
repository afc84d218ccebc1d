"""Means, distances and neighbours of many small problems, by loops; assignments that settle."""

import math

import pytest
import torch

from pipeline.ops.prototypes import gathered, means, nearest, normalised, one_hot, smoothed, squared_distances

MAKE = torch.Generator().manual_seed(3)
POINTS = torch.randn(2, 7, 4, generator=MAKE)
LABELS = torch.tensor([[0, 1, 2, 0, 1, 2, 0], [2, 2, 1, 1, 0, 0, 0]])


def test_means_and_distances_by_loops():
    found = means(POINTS, one_hot(LABELS))
    apart = squared_distances(POINTS, found)
    for e in range(2):
        for c in range(3):
            mean = POINTS[e][LABELS[e] == c].double().mean(0)
            torch.testing.assert_close(found[e, c].double(), mean, atol=1e-6, rtol=1e-5)
            for i in range(7):
                assert float(apart[e, i, c]) == pytest.approx(float((POINTS[e, i] - mean).square().sum()), abs=1e-5)
    assert torch.equal(squared_distances(POINTS, POINTS).diagonal(dim1=1, dim2=2) >= 0, torch.ones(2, 7).bool())


def test_normalised_points_are_of_unit_length_about_a_centre():
    found = normalised(POINTS + 5.0, torch.full((4,), 5.0))
    torch.testing.assert_close(found.norm(dim=2), torch.ones(2, 7))
    torch.testing.assert_close(found, torch.nn.functional.normalize(POINTS, dim=2), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("own", [0, 2])
def test_neighbours_by_loops(own):
    asked = POINTS[:, own:]
    found = nearest(asked, POINTS, 3, own)
    for e in range(2):
        for i in range(asked.shape[1]):
            apart = [(float((asked[e, i] - POINTS[e, j]).norm()), j) for j in range(7) if j != own + i]
            assert found[e, i].tolist() == [j for _, j in sorted(apart)[:3]]
    values = torch.randn(2, 7, 3, generator=MAKE)
    assert torch.equal(gathered(values, found)[1, 2, 1], values[1, found[1, 2, 1]])


def problem(episodes=3, asked=6, known=2, classes=3):
    make = torch.Generator().manual_seed(5)
    costs = torch.rand(episodes, asked, classes, generator=make, dtype=torch.float64)
    labelled = torch.eye(classes, dtype=torch.float64)[:known].expand(episodes, -1, -1)
    places = torch.randint(known + asked, (episodes, asked, 2), generator=make)
    return costs, labelled, places


def test_assignments_by_loops():
    costs, known, places = problem()
    found = smoothed(costs, known, places, 0.8, 4)
    for e in range(3):
        rows = [math.exp(-float(a)) for a in costs[e].flatten()]
        rows = torch.tensor(rows, dtype=torch.float64).view(6, 3)
        rows = rows / rows.sum(1, keepdim=True)
        for _ in range(4):
            every = torch.cat([known[e], rows])
            logits = [0.8 * sum(every[j] for j in places[e, i].tolist()) - costs[e, i] for i in range(6)]
            rows = torch.stack([logit.exp() / logit.exp().sum() for logit in logits])
        torch.testing.assert_close(found[e], rows)


def test_without_weight_neighbours_do_not_matter():
    costs, known, places = problem()
    torch.testing.assert_close(smoothed(costs, known, places, 0.0, 9), (-costs).softmax(2))


def test_settled_assignments_are_a_fixed_point_and_the_same_alone():
    costs, known, places = problem()
    found = smoothed(costs, known, places, 0.8, 1000)
    agreement = gathered(torch.cat([known, found], 1), places).sum(2)
    assert ((0.8 * agreement - costs).softmax(2) - found).abs().max() < 1e-4
    alone = [smoothed(costs[e : e + 1], known[e : e + 1], places[e : e + 1], 0.8, 1000) for e in range(3)]
    assert torch.equal(found, torch.cat(alone))


def test_each_step_lowers_the_bound_where_the_graph_is_symmetric():
    costs = problem()[0][:, :, :]
    # a ring: everyone's neighbours are the one before and the one behind
    places = torch.stack([(torch.arange(6) - 1) % 6, (torch.arange(6) + 1) % 6], 1).expand(3, -1, -1)

    def energy(s):
        agreement = gathered(s, places).sum(2)
        return (s * s.log() + s * costs - 0.9 / 2 * s * agreement).sum((1, 2))

    course = torch.stack([energy(smoothed(costs, costs[:, :0], places, 0.9, steps)) for steps in range(8)])
    assert (course.diff(dim=0) <= 1e-9).all() and (course[-1] < course[0]).all()
