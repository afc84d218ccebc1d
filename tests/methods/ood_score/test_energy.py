"""The free energy by loops; cold it is the largest logit; a shift of all logits moves it as far."""

import math

import pytest
import torch

from pipeline.methods.ood_score.energy import Energy
from pipeline.methods.ood_score.max_logit import MaxLogit
from tests.kit.ood import attached, images, logits_of


def test_energy_by_loops(model):
    want = [2.5 * math.log(sum(math.exp(v / 2.5) for v in row)) for row in logits_of(model, images(7, 5))]
    assert attached(Energy(temperature=2.5), model).scores(images(7, 5)).tolist() == pytest.approx(want)


def test_cold_energy_is_the_maximum_logit(model):
    x = images(20, 6)
    cold, top = attached(Energy(temperature=1e-3), model).scores(x), attached(MaxLogit(), model).scores(x)
    torch.testing.assert_close(cold, top, atol=1e-3 * math.log(3), rtol=0)


def test_a_shift_of_all_logits_moves_it_as_far(model):
    before = attached(Energy(), model).scores(images(9, 7))
    with torch.no_grad():
        model.head.bias += 3
    torch.testing.assert_close(attached(Energy(), model).scores(images(9, 7)), before + 3)
