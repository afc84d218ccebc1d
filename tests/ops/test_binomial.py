"""Bounds of a share: against scipy's beta quantiles, by sums of binomial terms, and by how often they hold."""

import math

import pytest
import scipy.special
import scipy.stats
import torch

from pipeline.ops.binomial import incomplete_beta, lower_bound, surely_more, upper_bound


def test_incomplete_beta_against_scipy():
    draws = torch.Generator().manual_seed(0)
    a, b = (torch.exp(9 * torch.rand(400, generator=draws, dtype=torch.float64)) for _ in range(2))
    x = torch.rand(400, generator=draws, dtype=torch.float64)
    near = (a / (a + b) + (x - 0.5) * 4 / (a + b).sqrt()).clamp(0, 1)  # where it is neither 0 nor 1
    for at in (x, near, torch.zeros_like(x), torch.ones_like(x)):
        want = torch.from_numpy(scipy.special.betainc(a.numpy(), b.numpy(), at.numpy()))
        torch.testing.assert_close(incomplete_beta(a, b, at), want, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("draws", [1, 7, 100, 1000, 10_000])
@pytest.mark.parametrize("error", [0.001, 0.0005, 0.05])
def test_bounds_against_quantiles(draws, error):
    counts = torch.unique(torch.linspace(0, draws, 23).round().long())
    k = counts.numpy()
    low = torch.from_numpy(scipy.stats.beta.ppf(error, k, draws - k + 1)).nan_to_num()
    high = torch.from_numpy(scipy.stats.beta.ppf(1 - error, k + 1, draws - k)).nan_to_num(1.0)
    torch.testing.assert_close(lower_bound(counts, draws, error), low, rtol=1e-9, atol=1e-12)
    torch.testing.assert_close(upper_bound(counts, draws, error), high, rtol=1e-9, atol=1e-12)


def test_all_hits_have_a_closed_form():
    assert lower_bound(torch.tensor([1000]), 1000, 0.001).item() == pytest.approx(0.001 ** (1 / 1000), abs=1e-12)


def test_the_bound_by_a_sum_of_binomial_terms():
    p = lower_bound(torch.tensor([31]), 40, 0.01).item()
    assert sum(math.comb(40, j) * p**j * (1 - p) ** (40 - j) for j in range(31, 41)) == pytest.approx(0.01, rel=1e-9)


def test_it_holds_as_often_as_it_says():
    """Exactly: over all counts that 60 draws of a share can give."""
    for share in (0.3, 0.5, 0.9):
        counts = torch.arange(61)
        weights = [math.comb(60, k) * share**k * (1 - share) ** (60 - k) for k in range(61)]
        wrong = (lower_bound(counts, 60, 0.05) > share).double()
        assert (torch.tensor(weights, dtype=torch.float64) * wrong).sum() <= 0.05


def test_two_counts_are_told_apart_as_by_scipy():
    for first in range(0, 30, 3):
        for second in range(0, 30, 3):
            sure = surely_more(torch.tensor(first), torch.tensor(second), 0.01).item()
            want = first + second > 0 and scipy.stats.binomtest(first, first + second, 0.5).pvalue <= 0.01
            assert sure == want, (first, second)
