"""The largest probability by loops, blind to a shift of all logits; float32 confidences of 1 are still ranked."""

import pytest
import torch

from pipeline.methods.ood_score.msp import MSP
from tests.kit.losses import softmax
from tests.kit.ood import attached, images, logits_of


def test_msp_by_loops(model):
    want = [max(softmax(row)) for row in logits_of(model, images(7, 5))]
    assert attached(MSP(), model).scores(images(7, 5)).tolist() == pytest.approx(want)


def test_a_shift_of_all_logits_changes_nothing(model):
    before = attached(MSP(), model).scores(images(9, 7))
    with torch.no_grad():
        model.head.bias += 3
    torch.testing.assert_close(attached(MSP(), model).scores(images(9, 7)), before)


def test_confident_float32_models_are_still_ranked(model):
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.copy_(torch.tensor([0.0, 0.0, 25.0]))
        model.head.weight[2, 0] = 1.0
    scores = attached(MSP(), model.float()).scores(images(50, 8).float())
    assert len(scores.unique()) == 50 and (scores.float() == 1).all()
