"""Binary cross-entropy by loops; its best score is the share of images in which a class was seen, not is present."""

import math

import pytest
import torch
from torch.nn.functional import one_hot

from pipeline.methods.multi_label.assume_negative import AssumeNegative
from tests.kit.classifiers import B, K
from tests.kit.losses import binary_losses, gradient


def test_unseen_labels_count_as_absent(logits, labels):
    seen = one_hot(labels, K)
    want = sum(value for value, _ in binary_losses(logits, seen)) / (B * K)
    assert AssumeNegative().objective(logits, seen.double()).item() == pytest.approx(want)


def test_of_two_classes_always_present_the_best_score_is_a_half():
    """Each is seen in every other image; a score of 3/4 is pulled down by what is too much, over the two classes."""
    seen = torch.eye(2).repeat(5, 1)
    for logit, pull in ((0.0, 0.0), (math.log(3), (0.75 - 0.5) / 2)):
        slope = gradient(lambda z: AssumeNegative().objective(z, seen), torch.full((10, 2), logit)).sum(0)
        assert slope.tolist() == pytest.approx([pull, pull], abs=1e-6)
