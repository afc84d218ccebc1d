"""How much more a mixture leans on the robust one of its classifiers where images are attacked."""

import pytest
import torch

from pipeline.contract import Inputs
from pipeline.errors import Absent
from pipeline.metrics.share_shift import compute

INPUTS = Inputs(shape=(1, 2, 2), mean=(0.5,), std=(0.25,), bounds=(0.0, 1.0))
VIEWS, LABELS = torch.zeros(3, 1, 2, 2), torch.tensor([0, 1, 0])


def classify(views):
    """Class 1 for bright images: the attack makes those of class 0 brighter and those of class 1 darker."""
    bright = views.flatten(1).sum(1)
    return torch.stack([-bright, bright], 1)


def test_the_attack_goes_to_the_edge_and_the_share_follows():
    found = compute(
        lambda views: 0.5 + 0.1 * views.flatten(1).mean(1, keepdim=True), classify, VIEWS, LABELS, INPUTS, 0.1
    )
    # 0.1 of the range is 0.4 in a view
    assert found.tolist() == pytest.approx([4.0, -4.0, 4.0], abs=1e-4)


def test_a_constant_share_does_not_shift_and_without_one_there_is_none():
    assert not compute(lambda views: torch.full((len(views), 1), 0.3), classify, VIEWS, LABELS, INPUTS, 0.1).any()
    with pytest.raises(Absent, match="mixes no classifiers"):
        compute(None, classify, VIEWS, LABELS, INPUTS, 0.1)
