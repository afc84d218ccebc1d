"""Contrast by equal targets, by loops; the limit in which mixtures cost nothing."""

import math

import pytest
import torch

from pipeline.methods.regression.sup_con_regressor import SupConRegressor


def test_pairs_of_one_target_are_drawn_together():
    draws = torch.Generator().manual_seed(4)
    z = torch.nn.functional.normalize(torch.randn(18, 5, generator=draws, dtype=torch.float64))
    y = torch.rand(9, generator=draws, dtype=torch.float64)
    y[7] = y[2]
    y = y.repeat(2)
    total = 0.0
    for i in range(18):
        others = [j for j in range(18) if j != i]
        below = sum(math.exp(float(z[i] @ z[j]) / 0.3) for j in others)
        alike = [j for j in others if y[j] == y[i]]
        assert len(alike) == (3 if i % 9 in (2, 7) else 1)
        total -= sum(float(z[i] @ z[j]) / 0.3 - math.log(below) for j in alike) / len(alike)
    assert SupConRegressor().contrast(z, y).item() == pytest.approx(total / 18, rel=1e-9)
