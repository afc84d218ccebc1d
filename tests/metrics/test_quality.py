"""Predicted qualities against recorded ones, and errors as the worst images are rejected, by slow loops."""

import pytest
import scipy.stats
import torch

from pipeline.errors import Absent
from pipeline.metrics import quality_spearman


def test_agreement_with_recorded_degradations():
    make = torch.Generator().manual_seed(0)
    levels, z = torch.randint(8, (90,), generator=make), torch.randn(90, 4, generator=make)
    guess = torch.randn(90, generator=make) - 0.3 * levels
    found = quality_spearman.compute(guess, z, levels)
    for name, scores in (("", guess), ("norm", z.norm(dim=1))):
        wanted = scipy.stats.spearmanr(scores.numpy(), -levels.numpy()).statistic
        assert found[name] == pytest.approx(wanted)


def test_what_is_not_there_is_absent():
    levels, z = torch.arange(9) % 4, torch.rand(9, 3)
    found = quality_spearman.compute(None, z, levels)
    assert isinstance(found[""], Absent) and -1 <= found["norm"] <= 1
    with pytest.raises(Absent, match="records no quality"):
        quality_spearman.compute(None, z, None)
