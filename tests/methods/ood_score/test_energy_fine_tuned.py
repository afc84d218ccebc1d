"""Squared hinges by loops; cross-entropy within the margins; how each side is pushed, and how far."""

import pytest
import torch

from pipeline.methods.ood_score.energy_fine_tuned import EnergyFineTuned
from tests.kit.losses import cross_entropy, mean_over
from tests.kit.ood import energy, sides


def test_squared_hinges_by_loops():
    known, labels, wild = sides()
    method = EnergyFineTuned(m_in=-4.0, m_out=-3.0, weight=0.3)
    above = sum(max(0.0, energy(row) + 4) ** 2 for row in known.tolist()) / 5
    below = sum(max(0.0, -3 - energy(row)) ** 2 for row in wild.tolist()) / 8
    assert above > 0 and below > 0
    want = mean_over(cross_entropy, known, labels) + 0.3 * (above + below)
    assert method.objective(known, labels, wild).item() == pytest.approx(want)


def test_energies_within_the_margins_leave_cross_entropy():
    known, labels, wild = sides()
    got = EnergyFineTuned(m_in=50.0, m_out=-50.0).objective(known, labels, wild).item()
    assert got == pytest.approx(mean_over(cross_entropy, known, labels))


def test_each_side_is_pushed_its_own_way_and_only_up_to_its_margin():
    known, labels, wild = sides()
    known.requires_grad_()
    wild.requires_grad_()
    EnergyFineTuned(m_in=-6.0, m_out=-4.0).objective(known, labels, wild).backward()
    # cross-entropy's gradient adds up to zero over classes, what is left is the hinge's pull on s = -E
    pull, s_known, s_wild = known.grad.sum(1), known.logsumexp(1), wild.logsumexp(1)
    assert torch.equal(pull < -1e-9, s_known < 6) and torch.equal(wild.grad.sum(1) > 1e-9, s_wild > 4)
    assert (s_known < 6).any() and (s_known > 6).any() and (s_wild < 4).any() and (s_wild > 4).any()
