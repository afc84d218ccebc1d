"""UDA by loops; which labels count at which time; when it is FixMatch; what carries a gradient."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.methods.semi_supervised.uda import UDA
from tests.kit.losses import cross_entropy, log_softmax, softmax
from tests.kit.methods import made, unlabelled
from tests.kit.semi_supervised import LABELLED, STRONG, WEAK


@pytest.mark.parametrize("threshold", [0.0, 0.9])
@pytest.mark.parametrize("temperature", [0.4, 1.0])
def test_against_loops(threshold, temperature):
    want = 0.0
    for z, other in zip(WEAK.tolist(), STRONG.tolist(), strict=True):
        if max(softmax(z)) > threshold:
            sharp, found = log_softmax([v / temperature for v in z]), log_softmax(other)
            want += sum(math.exp(p) * (p - q) for p, q in zip(sharp, found, strict=True)) / len(WEAK)
    method = made(UDA, threshold=threshold, temperature=temperature)
    assert method.unlabelled_loss(unlabelled(), WEAK, STRONG).item() == pytest.approx(want, rel=1e-12)


def test_sharp_targets_are_fixmatchs():
    cold, fixed = made(UDA, temperature=0.001, threshold=0.9), made(FixMatch, threshold=0.9)
    want = fixed.unlabelled_loss(unlabelled(), WEAK, STRONG)
    torch.testing.assert_close(cold.unlabelled_loss(unlabelled(), WEAK, STRONG), want)


def test_equal_views_have_nothing_to_learn_at_a_temperature_of_one():
    assert made(UDA, temperature=1.0).unlabelled_loss(unlabelled(), WEAK, WEAK).abs() < 1e-12


@pytest.mark.parametrize(("annealing", "share"), [("linear", 0.4), ("exp", math.exp(-3)), ("log", 1 - math.exp(-2))])
def test_labels_that_are_learned_are_held_back(annealing, share):
    method = made(UDA, annealing=annealing)
    method.progress = 0.4
    most = 1 / 3 + 2 / 3 * share
    labels, logits = [0, 1, 2], 3 * LABELLED
    losses = [cross_entropy(z, y) for z, y in zip(logits.tolist(), labels, strict=True)]
    kept = [loss for loss in losses if math.exp(-loss) <= most]
    assert 0 < len(kept) < 3
    found = method.objective(logits, torch.tensor(labels)).item()
    assert found == pytest.approx(sum(kept) / len(kept), rel=1e-12)


def test_without_annealing_all_labels_count_and_where_none_does_the_loss_is_zero():
    labels = torch.tensor([0, 1, 2])
    torch.testing.assert_close(made(UDA).objective(LABELLED, labels), F.cross_entropy(LABELLED, labels))
    late = made(UDA, annealing="linear")
    assert late.objective(10 * torch.eye(3), labels) == 0


def test_weak_views_have_no_gradient():
    weak, strong = WEAK.clone().requires_grad_(), STRONG.clone().requires_grad_()
    made(UDA).unlabelled_loss(unlabelled(), weak, strong).backward()
    assert weak.grad is None and strong.grad.any()


def test_by_default_as_in_the_authors_script():
    method = UDA()
    assert (method.unlabelled_ratio, method.threshold, method.temperature) == (7, 0.8, 0.4)
