"""Predicted qualities against recorded ones, and errors as the worst images are rejected, by slow loops."""

import pytest
import scipy.stats
import torch

from pipeline.errors import Absent
from pipeline.metrics import auerc, conflict_cosine, quality_spearman, recall_1_quarter


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


def test_errors_of_rejection_are_averaged():
    falling, flat = torch.linspace(0.4, 0.2, 31), torch.full((31,), 0.4)
    found = auerc.compute({"": falling, "norm": flat, "random": flat})
    assert found == pytest.approx({"": 30, "norm": 40, "random": 40})
    assert isinstance(auerc.compute({"norm": flat, "random": flat})[""], Absent)
    with pytest.raises(Absent, match="too few pairs"):
        auerc.compute({})


def test_cosines_of_split_classes():
    first, second = torch.tensor([[1.0, 0], [2, 2]]), torch.tensor([[0.0, 3], [1, 1]])
    assert conflict_cosine.compute((first, second)) == pytest.approx(0.5)
    with pytest.raises(Absent, match="no class had two labels"):
        conflict_cosine.compute(None)


def test_recall_of_a_quarter_of_the_dimensions():
    make = torch.Generator().manual_seed(0)
    labels, z = torch.arange(40) % 5, torch.randn(40, 22, generator=make)
    units = z[:, :5] / z[:, :5].norm(dim=1, keepdim=True)
    wanted = []
    for i in range(40):
        nearest = max((j for j in range(40) if j != i), key=lambda j: float(units[i] @ units[j]))
        wanted.append(100.0 * (labels[nearest] == labels[i]).item())
    assert recall_1_quarter.compute(z, labels).tolist() == wanted
