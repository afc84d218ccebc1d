"""Ranks and their correlation, against scipy's."""

import math

import pytest
import scipy.stats
import torch

from pipeline.ops.ranks import average_ranks, spearman


@pytest.mark.parametrize("levels", [3, 1000])
def test_against_scipy(levels):
    make = torch.Generator().manual_seed(0)
    a, b = torch.randint(levels, (2, 200), generator=make).unbind()
    assert average_ranks(a).tolist() == (scipy.stats.rankdata(a.numpy()) - 1).tolist()
    assert spearman(a, b) == pytest.approx(scipy.stats.spearmanr(a.numpy(), b.numpy()).statistic)
    assert spearman(a, 5.0 - 2.0 * a) == pytest.approx(-1)


def test_of_constants_there_is_none():
    assert math.isnan(spearman(torch.ones(4), torch.arange(4)))
