"""Sparsemax by a search for its threshold, and how often Bernstein's bound holds."""

import math

import pytest
import torch

from pipeline.ops.simplex import bernstein, sparsemax


def test_sparsemax_by_bisection_of_the_threshold():
    scores = 3 * torch.randn(20, 6, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    for z, found in zip(scores.tolist(), sparsemax(scores).tolist(), strict=True):
        low, high = min(z) - 1, max(z)
        for _ in range(100):
            tau = (low + high) / 2
            low, high = (tau, high) if sum(max(v - tau, 0) for v in z) > 1 else (low, tau)
        assert found == pytest.approx([max(v - tau, 0) for v in z], abs=1e-12)
        assert sum(found) == pytest.approx(1)


def test_its_limits():
    z = torch.tensor([[1.0, 3.0, 2.0]], dtype=torch.float64)
    torch.testing.assert_close(sparsemax(1e7 * z), torch.tensor([[0.0, 1.0, 0.0]], dtype=torch.float64))
    torch.testing.assert_close(sparsemax(1e7 * z.float()), torch.tensor([[0.0, 1.0, 0.0]]))
    torch.testing.assert_close(sparsemax(0 * z), torch.full((1, 3), 1 / 3, dtype=torch.float64))
    torch.testing.assert_close(sparsemax(z + 5), sparsemax(z))


def test_the_bound_by_hand_and_how_often_it_holds():
    log = math.log(2 / 0.05)
    want = 0.3 * math.sqrt(2 * log / 200) + 7 * log / (3 * 199)
    assert bernstein(torch.tensor(0.3), 200, 0.05).item() == pytest.approx(want)
    values = torch.rand(3000, 200, generator=torch.Generator().manual_seed(1), dtype=torch.float64) ** 3
    wrong = values.mean(1) - bernstein(values.std(1), 200, 0.05) > 0.25
    assert wrong.double().mean() < 0.05
