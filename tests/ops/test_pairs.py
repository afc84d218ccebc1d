"""Means and exponential sums over some pairs, by loops and where none is chosen."""

import math

import pytest
import torch

from pipeline.ops.pairs import distances, log_one_plus_sum, mean_of, same_and_different, threshold_excess
from tests.kit.metric_learning import LABELS, matrix, pairs, points


def test_pairs_of_one_class_and_of_two():
    same, different = same_and_different(LABELS)
    for i, own, others in pairs():
        assert same[i].nonzero().flatten().tolist() == own
        assert different[i].nonzero().flatten().tolist() == others


@pytest.mark.parametrize("dim", [0, 1])
def test_log_one_plus_sum(dim):
    make = torch.Generator().manual_seed(0)
    x, chosen = 50 * torch.randn(6, 6, generator=make, dtype=torch.float64), torch.rand(6, 6, generator=make) < 0.4
    found = log_one_plus_sum(x, chosen, dim)
    for i in range(6):
        kept = [x.select(1 - dim, i)[j].item() for j in range(6) if chosen.select(1 - dim, i)[j]]
        assert found[i].item() == pytest.approx(math.log(1 + sum(math.exp(v) for v in kept)))


def test_of_none_it_is_nothing_with_no_gradient():
    x = torch.randn(2, 3, requires_grad=True)
    none = torch.zeros(2, 3, dtype=torch.bool)
    total = log_one_plus_sum(x, none, 1).sum() + mean_of(x, none)
    total.backward()
    assert total.item() == 0 and not x.grad.any()


def test_the_mean_is_over_what_is_chosen():
    x, chosen = torch.tensor([1.0, 2.0, 6.0]), torch.tensor([True, False, True])
    assert mean_of(x, chosen).item() == 3.5


def test_distances_of_unit_vectors():
    z = torch.nn.functional.normalize(points(), dim=1)
    found = distances(z @ z.T)
    assert found[0, 1].item() == pytest.approx((z[0] - z[1]).norm().item())
    assert found.diagonal().tolist() == pytest.approx([0] * len(z), abs=1.1e-4)


def test_excess_is_over_pairs_that_cross_the_threshold():
    s = matrix(points())
    near, far = [], []
    for i, own, others in pairs():
        near += [0.8 - s[i, j].item() for j in own if s[i, j] <= 0.8]
        far += [s[i, j].item() - 0.1 for j in others if s[i, j] >= 0.1]
    found = threshold_excess(s, LABELS, 0.8, 0.1)
    assert [each.item() for each in found] == pytest.approx([sum(of) / len(of) for of in (near, far)])
    assert [each.item() for each in threshold_excess(s, LABELS, -1.0, 1.0)] == [0, 0]
