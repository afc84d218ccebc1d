"""Partial plans: optimality by a slow solver, what columns and rows sum to, the balanced limit, and neighbours."""

import itertools
import math

import pytest
import torch

from pipeline.ops.partial_transport import among, nearest_by_kernel, objective, partial_plan, semantic_plan
from pipeline.ops.sinkhorn import balanced_codes

SOLVER = {"epsilon": 0.1, "relaxation": 1.0, "iterations": 3000, "tolerance": 1e-12}

ALONE = [[0.84750831, 0.00000002], [0.00000054, 0.88377428], [0.21630055, 0.00199402], [0.00177040, 0.04865185]]
WITH_NEIGHBOURS = [[0.86609089, 0.00165576], [0.03990278, 0.85513139], [0.17217349, 0.00398387], [0.0083502, 0.0527116]]


def costs(count=12, clusters=3, seed=0):
    torch.manual_seed(seed)
    return -torch.randn(count, clusters, dtype=torch.float64).log_softmax(1)


def whole(plan, costs, mass, relaxation=1.0, epsilon=0.1):
    """The objective with its KL term and the entropy of what is left of each row, by loops."""
    count, clusters = costs.shape
    total = 0.0
    for i in range(count):
        left = 1 / count - float(plan[i].sum())
        if left < -1e-12:
            return math.inf
        left = max(left, 1e-30)
        total += epsilon * left * math.log(left)
        for k in range(clusters):
            q = float(plan[i, k])
            total += q * float(costs[i, k]) + epsilon * q * math.log(q)
    for k in range(clusters):
        size, wanted = float(plan[:, k].sum()), mass / clusters
        total += relaxation * (size * math.log(size / wanted) - size + wanted)
    return total


@pytest.mark.parametrize("mass", [0.2, 0.7])
def test_no_other_plan_of_the_same_mass_is_cheaper(mass):
    given = costs()
    plan, _ = partial_plan(given, mass, **SOLVER)
    assert float(plan.sum()) == pytest.approx(mass, abs=1e-9) and bool((plan.sum(1) < 1 / 12).all())
    best = whole(plan, given, mass)
    for _ in range(50):
        step = torch.randn_like(plan) * plan
        step -= plan * step.sum() / plan.sum()  # keeps the mass
        for size in (1e-3, 3e-2):
            assert whole(plan + size * step, given, mass) > best


def test_the_surest_samples_are_taken_first():
    given = costs(count=60)
    plan, _ = partial_plan(given, 0.2, **SOLVER)
    taken, sure = plan.sum(1), given.amin(1)
    assert taken[sure < sure.median()].mean() > 2 * taken[sure > sure.median()].mean()


def test_all_of_it_and_a_stiff_constraint_are_balanced_codes():
    given = costs(count=20)
    plan, _ = partial_plan(given, 1.0, **{**SOLVER, "relaxation": 1e9})
    torch.testing.assert_close((20 * plan).float(), balanced_codes(-given, 0.1, 500), atol=1e-5, rtol=1e-4)
    loose, _ = partial_plan(given - torch.tensor([1.0, 0, 0]), 1.0, **{**SOLVER, "relaxation": 0.1})
    assert loose.sum(0)[0] > 0.5  # clusters may differ in size


def test_a_shift_of_a_row_of_all_costs_counts_where_a_sample_may_stay_out():
    given = costs()
    plan, _ = partial_plan(given, 0.5, **SOLVER)
    dearer = given.clone()
    dearer[0] += 1
    other, _ = partial_plan(dearer, 0.5, **SOLVER)
    assert other[0].sum() < plan[0].sum()
    full, _ = partial_plan(given, 1.0, **SOLVER)
    torch.testing.assert_close(partial_plan(dearer, 1.0, **SOLVER)[0], full, atol=1e-9, rtol=1e-6)


@pytest.mark.parametrize("scale", [100.0, 10_000.0])
def test_costs_that_are_far_apart_are_no_trouble(scale):
    columns = None
    for seed in range(5):
        torch.manual_seed(seed)
        similarity = torch.rand(12, 12)
        plan, columns = semantic_plan(
            scale * costs(seed=seed), similarity, scale, 0.3, **{**SOLVER, "iterations": 50}, rounds=5, start=columns
        )
        assert plan.isfinite().all() and columns.isfinite().all() and bool((plan >= 0).all())
        assert bool((plan.sum(1) <= 1 / 12 + 1e-9).all())


def test_going_on_from_the_scalings_gives_the_same_plan_sooner():
    given = costs()
    plan, columns = partial_plan(given, 0.5, **SOLVER)
    again, _ = partial_plan(given, 0.5, **{**SOLVER, "iterations": 2}, start=columns)
    torch.testing.assert_close(again, plan, atol=1e-10, rtol=1e-8)


def graph(count=12):
    points = torch.randn(count, 4, generator=torch.Generator().manual_seed(3))
    return among(torch.arange(count), *nearest_by_kernel(points, 2.0, 3))


def test_each_round_lowers_the_objective_of_a_similarity_without_negative_eigenvalues():
    given, similarity = costs(), graph().double()
    similarity = similarity @ similarity.T / 5
    found = []
    for rounds in range(1, 8):
        plan, _ = semantic_plan(given, similarity, 5.0, 0.5, **{**SOLVER, "tolerance": 0.0}, rounds=rounds)
        attraction = float((similarity * (plan @ plan.T)).sum())
        short = objective(plan, given, (similarity + similarity.T) @ plan, 5.0, 0.1)
        direct = float((plan * given).sum() + 0.1 * (plan * plan.log()).sum()) - 5.0 * attraction
        assert short == pytest.approx(direct, rel=1e-12)
        found.append(whole(plan, given, 0.5) - 5.0 * attraction)
    assert all(later <= sooner + 1e-10 for sooner, later in itertools.pairwise(found))
    assert found[-1] < found[0] - 1e-6


def test_neighbours_draw_each_other_to_the_same_cluster():
    given, similarity = costs(), graph().double()
    apart, _ = semantic_plan(given, similarity, 0.0, 0.5, **SOLVER, rounds=20)
    near, _ = semantic_plan(given, similarity, 5.0, 0.5, **SOLVER, rounds=20)
    torch.testing.assert_close(apart, partial_plan(given, 0.5, **SOLVER)[0])
    agreement = [float((similarity * (plan @ plan.T)).sum()) for plan in (apart, near)]
    assert agreement[1] > 1.2 * agreement[0]


def test_neighbours_by_loops():
    points = torch.randn(9, 4, generator=torch.Generator().manual_seed(1))
    places = torch.tensor([4, 0, 7, 4])
    found = among(places, *nearest_by_kernel(points, 1.5, 3))
    for i, a in enumerate(places.tolist()):
        distances = {j: float((points[a] - points[j]).square().sum()) for j in range(9) if j != a}
        near = sorted(distances, key=distances.__getitem__)[:3]
        for j, b in enumerate(places.tolist()):
            want = math.exp(-distances[b] / (2 * 1.5**2 * 4)) if b in near else 0.0
            assert float(found[i, j]) == pytest.approx(want, rel=1e-5)


def test_against_the_authors_code():
    """rhfeiyang/SPPOT, utils/sinkhorn_knopp.py: N Q for costs of four samples, mass 0.5."""
    given = torch.tensor([[0.1, 2.0], [1.5, 0.2], [0.4, 1.0], [0.9, 0.7]], dtype=torch.float64)
    similarity = torch.tensor([[0, 0.9, 0, 0], [0.9, 0, 0, 0], [0, 0, 0, 0.8], [0, 0, 0.7, 0]], dtype=torch.float64)
    alone, _ = partial_plan(given, 0.5, **SOLVER)
    torch.testing.assert_close(4 * alone, torch.tensor(ALONE, dtype=torch.float64), atol=1e-6, rtol=1e-5)
    both, _ = semantic_plan(given, similarity, 3.0, 0.5, **SOLVER, rounds=100)
    torch.testing.assert_close(4 * both, torch.tensor(WITH_NEIGHBOURS, dtype=torch.float64), atol=1e-5, rtol=1e-4)
