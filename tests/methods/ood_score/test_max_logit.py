"""The largest logit by loops; a shift of all logits moves it as far."""

import pytest
import torch

from pipeline.methods.ood_score.max_logit import MaxLogit
from tests.kit.ood import attached, images, logits_of


def test_max_logit_by_loops(model):
    want = [max(row) for row in logits_of(model, images(7, 5))]
    assert attached(MaxLogit(), model).scores(images(7, 5)).tolist() == pytest.approx(want)


def test_a_shift_of_all_logits_moves_it_as_far(model):
    before = attached(MaxLogit(), model).scores(images(9, 7))
    with torch.no_grad():
        model.head.bias += 3
    torch.testing.assert_close(attached(MaxLogit(), model).scores(images(9, 7)), before + 3)
