"""Transport costs against a linear program, by loops, and in cases that are known."""

import math

import pytest
import torch
from scipy.optimize import linprog

from pipeline.ops.optimal_transport import sinkhorn, sphere_distance


def points(count, seed, dims=3):
    draw = torch.Generator().manual_seed(seed)
    return torch.nn.functional.normalize(torch.randn(count, dims, generator=draw, dtype=torch.float64))


def least_cost(cost):
    """By a linear program: rows give 1 / M each, columns take 1 / N."""
    rows, columns = cost.shape
    left = torch.kron(torch.eye(rows), torch.ones(1, columns))
    right = torch.kron(torch.ones(1, rows), torch.eye(columns))
    given = [1 / rows] * rows + [1 / columns] * columns
    return linprog(cost.flatten().numpy(), A_eq=torch.cat([left, right]).numpy(), b_eq=given).fun


@pytest.mark.parametrize(("rows", "columns"), [(7, 5), (5, 7), (40, 12), (1, 4), (4, 1)])
def test_the_slower_it_cools_the_nearer_it_comes_to_the_least_cost(rows, columns):
    cost = sphere_distance(points(rows, 1), points(columns, 2))
    least = least_cost(cost)
    value, f, g = sinkhorn(cost, scaling=0.99)
    assert value == pytest.approx(least, abs=2e-3) and value == pytest.approx(float(f.mean() + g.mean()))
    assert (f[:, None] + g - cost).max() < 0.02  # what the potentials charge is hardly more than the cost
    assert 0.9 * least <= sinkhorn(cost)[0] <= least + 1e-3


def test_against_loops():
    cost = sphere_distance(points(4, 3), points(3, 4))
    c = cost.tolist()

    def soft(eps, values):
        least = min(values)
        return least - eps * math.log(sum(math.exp((least - v) / eps) for v in values) / len(values))

    widest = max(map(max, c))
    temperatures, width = [widest], widest
    while width > 0.1:
        temperatures.append(width)
        width *= 0.5
    temperatures = [t * t for t in [*temperatures, 0.1]]
    f = [soft(temperatures[0], row) for row in c]
    g = [soft(temperatures[0], column) for column in zip(*c, strict=True)]
    for eps in temperatures:
        new_f = [soft(eps, [c[i][j] - g[j] for j in range(3)]) for i in range(4)]
        new_g = [soft(eps, [c[i][j] - f[i] for i in range(4)]) for j in range(3)]
        f = [(a + b) / 2 for a, b in zip(f, new_f, strict=True)]
        g = [(a + b) / 2 for a, b in zip(g, new_g, strict=True)]
    last_f = [soft(eps, [c[i][j] - g[j] for j in range(3)]) for i in range(4)]
    last_g = [soft(eps, [c[i][j] - f[i] for i in range(4)]) for j in range(3)]
    value, found_f, found_g = sinkhorn(cost, blur=0.1)
    assert found_f.tolist() == pytest.approx(last_f) and found_g.tolist() == pytest.approx(last_g)
    assert value == pytest.approx(sum(last_f) / 4 + sum(last_g) / 3)


def test_against_the_authors_library():
    """SamplesLoss("sinkhorn", debias=False, blur=0.01, scaling=0.5) of geomloss 0.2.6, which TAROT's code calls, with
    this cost: 0.8837. It starts at the diameter of the points' box instead of the greatest cost."""
    draw = torch.Generator().manual_seed(5)
    x, y = (torch.nn.functional.normalize(torch.randn(n, 3, generator=draw, dtype=torch.float64)) for n in (7, 5))
    value, f, _ = sinkhorn(sphere_distance(x, y))
    assert value == pytest.approx(0.8837, abs=1e-3)
    theirs = torch.tensor([0.0622, 0.7825, 0.6880, 0.8394, 0.0747, 0.2565, 0.6147], dtype=torch.float64)
    assert (f - theirs).abs().max() < 5e-3


def test_a_set_costs_nothing_to_itself_and_order_plays_no_part():
    x, y = points(9, 6), points(8, 7)
    assert sinkhorn(sphere_distance(x, x))[0] < 0.02
    order = torch.randperm(9)
    value, f, g = sinkhorn(sphere_distance(x, y))
    again, moved, same = sinkhorn(sphere_distance(x[order], y))
    assert again == pytest.approx(value) and torch.allclose(moved, f[order]) and torch.allclose(same, g)


def test_what_cannot_be_transported_is_refused_and_equal_costs_are_no_trouble():
    with pytest.raises(ValueError, match="points on both sides"):
        sinkhorn(torch.zeros(0, 3))
    assert sinkhorn(torch.zeros(3, 2))[0] == pytest.approx(0.0, abs=1e-9)
    assert sinkhorn(torch.full((3, 2), 1.5))[0] == pytest.approx(1.5)
