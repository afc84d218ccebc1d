"""Quantiles of margins by sorting, and what moves them."""

import pytest
import torch

from pipeline.metrics import margin


def test_against_a_loop():
    torch.manual_seed(0)
    logits, labels = 3 * torch.randn(11, 5), torch.arange(11) % 5
    rows = zip(logits.double().tolist(), labels.tolist(), strict=True)
    slow = sorted(z[y] - max(v for k, v in enumerate(z) if k != y) for z, y in rows)
    found = margin.compute(logits, labels)
    assert found[""] == pytest.approx(sum(slow) / 11)
    assert found["10"] == pytest.approx(slow[1]) and found["50"] == pytest.approx(slow[5])


def test_an_offset_changes_nothing_and_a_factor_stretches():
    torch.manual_seed(0)
    logits, labels = torch.randn(20, 4), torch.arange(20) % 4
    one, other = margin.compute(logits, labels), margin.compute(3 * logits + 7, labels)
    assert {name: 3 * value for name, value in one.items()} == pytest.approx(other, rel=1e-5)
