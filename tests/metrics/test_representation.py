"""How features are spread over the sphere, against slow loops and closed forms."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from pipeline.metrics import effective_rank, measure
from pipeline.metrics import uniformity as uniformity_file
from pipeline.metrics.alignment import alignment
from pipeline.metrics.tolerance import tolerance
from pipeline.metrics.uniformity import uniformity


def unit(vector):
    length = math.sqrt(sum(x * x for x in vector))
    return [x / length for x in vector]


@pytest.mark.parametrize("power", [1, 2])
def test_alignment_equals_the_slow_loops(power):
    torch.manual_seed(0)
    a, b = torch.randn(2, 9, 5)
    expected = [
        sum((x - y) ** 2 for x, y in zip(unit(u), unit(v), strict=True)) ** (power / 2)
        for u, v in zip(a.double().tolist(), b.double().tolist(), strict=True)
    ]
    assert alignment(a, b, power).tolist() == pytest.approx(expected, rel=1e-4)


def test_alignment_is_two_less_twice_the_cosine_and_four_at_most():
    a, b = torch.randn(2, 9, 5)
    torch.testing.assert_close(alignment(a, b), 2 - 2 * torch.cosine_similarity(a, b), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(alignment(a, -3 * a), torch.full((9,), 4.0))


@pytest.mark.parametrize("entries", [1 << 24, 30])
def test_uniformity_equals_the_slow_loops(entries, monkeypatch):
    monkeypatch.setattr(uniformity_file, "ENTRIES", entries)
    torch.manual_seed(0)
    z = torch.randn(11, 4)
    rows = [unit(row) for row in z.double().tolist()]
    terms = [
        math.exp(-2 * sum((x - y) ** 2 for x, y in zip(rows[i], rows[j], strict=True)))
        for i in range(11)
        for j in range(i)
    ]
    assert uniformity(z) == pytest.approx(math.log(sum(terms) / len(terms)), rel=1e-5)


def test_uniformity_of_known_arrangements():
    assert uniformity(torch.ones(6, 3)) == pytest.approx(0.0, abs=1e-5)
    assert uniformity(torch.tensor([[1.0, 0.0], [-1.0, 0.0]]), t=2) == pytest.approx(-8.0, rel=1e-5)
    assert uniformity(torch.eye(16), t=3) == pytest.approx(-6.0, rel=1e-5)


def test_tolerance_equals_the_slow_loops():
    make = torch.Generator().manual_seed(5)
    labels = torch.arange(40) % 4
    x = torch.randn(4, 8, generator=make)[labels] + torch.randn(40, 8, generator=make) + 1
    labels[0] = 9  # a class of one has no pair
    rows = [unit(row) for row in x.double().tolist()]
    pairs = [
        sum(a * b for a, b in zip(rows[i], rows[j], strict=True))
        for i in range(40)
        for j in range(40)
        if i != j and labels[i] == labels[j]
    ]
    assert tolerance(x, labels) == pytest.approx(sum(pairs) / len(pairs), rel=1e-9)


@pytest.mark.parametrize("shape", [(30, 6), (5, 12)])
def test_effective_rank_equals_the_definition(shape):
    torch.manual_seed(0)
    x = torch.randn(*shape).double() * torch.arange(1, shape[1] + 1) + 4
    singular = np.linalg.svd(x.numpy() - x.numpy().mean(0), compute_uv=False)
    share = singular / singular.sum()
    expected = math.exp(-sum(p * math.log(p) for p in share if p > 1e-12))
    assert effective_rank.compute(x) == pytest.approx(expected, rel=1e-4)


def test_effective_rank_counts_equal_directions_and_ignores_offset_and_rotation():
    x = torch.cat([torch.eye(8), -torch.eye(8)])[:, :5].double()
    assert effective_rank.compute(x) == pytest.approx(5, rel=1e-6)
    rotation = torch.linalg.qr(torch.randn(5, 5, dtype=torch.float64)).Q
    assert effective_rank.compute(3 * x @ rotation + 100) == pytest.approx(5, rel=1e-6)
    assert effective_rank.compute(torch.outer(torch.arange(9.0), torch.randn(4))) == pytest.approx(1, abs=1e-4)
    assert effective_rank.compute(torch.ones(7, 3)) == 0


def test_what_takes_a_pair_is_absent_with_its_reason_where_there_is_none():
    z = torch.randn(6, 4, generator=torch.Generator().manual_seed(1))

    def measured(count, labels):
        views = (z[:count], z[:count] + 0.1)
        made = SimpleNamespace(features=z[:count], labels=labels, further_features={}, positive_pairs=views)
        return measure(made, ["alignment", "tolerance", "uniformity", "effective_rank"])

    assert measured(6, torch.arange(6)).absent == {"tolerance": "no class has two examples"}
    found = measured(1, torch.zeros(1, dtype=torch.int64))
    assert found.values.keys() == {"alignment"}
    assert found.absent.keys() == {"tolerance", "uniformity", "effective_rank"}
    assert not measured(6, torch.zeros(6, dtype=torch.int64)).absent
