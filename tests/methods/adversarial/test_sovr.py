"""The loss by loops and ranks; limits; which images switch; that the ranking is not differentiated."""

import copy
import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.adversarial.sovr import SOVR
from pipeline.ops.one_vs_rest import one_vs_rest
from tests.kit.classifiers import B, K, check_order, pixels
from tests.kit.losses import cross_entropy, differences
from tests.kit.methods import made, step


@pytest.fixture
def logits():
    return 2 * torch.randn(B, K, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


@pytest.fixture
def labels():
    return torch.arange(B) % K


def slow(logits, labels, difficult, weight):
    """Row by row, with the number of rows of a smaller margin counted for each."""
    rows = list(zip(logits.tolist(), labels.tolist(), strict=True))
    gaps = [max(v for k, v in enumerate(z) if k != y) - z[y] for z, y in rows]
    total = 0.0
    for (z, y), gap in zip(rows, gaps, strict=True):
        if sum(other > gap for other in gaps) < round(difficult * len(rows)):
            total += weight * sum(math.log(1 + math.exp(-v if k == y else v)) for k, v in enumerate(z))
        else:
            total += cross_entropy(z, y)
    return total / len(rows)


@pytest.mark.parametrize(("difficult", "weight"), [(0.0, 0.5), (0.4, 0.5), (0.4, 2.0), (1.0, 1.0)])
def test_against_loops(difficult, weight, logits, labels):
    found = SOVR(difficult=difficult, weight=weight).objective(logits, labels)
    assert found.item() == pytest.approx(slow(logits, labels, difficult, weight))


def test_without_difficult_images_it_is_adversarial_training_to_the_last_digits():
    states = []
    for method in (made(SOVR, difficult=0.0).double(), made(PGDAT).double()):
        for seed in (2, 3):
            torch.manual_seed(seed)
            step(method, pixels(seed))
        states.append(method.state_dict())
    for name, value in states[0].items():
        torch.testing.assert_close(value, states[1][name])


def test_where_all_are_difficult_it_is_the_other_loss(logits, labels):
    found = SOVR(difficult=1.0, weight=0.7).objective(logits, labels)
    torch.testing.assert_close(found, 0.7 * one_vs_rest(logits, labels).mean())


def test_classes_and_examples_are_alike(logits, labels):
    loss = SOVR().objective
    check_order(loss, loss, logits, labels)
    order = torch.randperm(B)
    torch.testing.assert_close(loss(logits[order], labels[order]), loss(logits, labels))


def test_images_of_one_margin_do_not_all_switch():
    logits, labels = torch.zeros(10, 3, dtype=torch.float64), torch.zeros(10, dtype=torch.int64)
    want = 0.6 * math.log(3) + 0.4 * 0.5 * 3 * math.log(2)
    assert SOVR().objective(logits, labels).item() == pytest.approx(want)


def test_the_gradient_is_of_the_losses_and_not_of_the_ranks(logits, labels):
    logits.requires_grad_()
    SOVR().objective(logits, labels).backward()
    want = differences(lambda: SOVR().objective(logits, labels), logits, 1e-6)
    torch.testing.assert_close(logits.grad, want, atol=1e-7, rtol=1e-5)


def test_the_margins_that_rank_are_those_of_attacked_images_in_training_mode():
    method, data = made(SOVR).double(), pixels()
    twin = copy.deepcopy(method)
    torch.manual_seed(4)
    moved = twin.attacked(lambda z: F.cross_entropy(z, data.labels, reduction="sum"), data.views[0])
    want = slow(twin.logits(twin.encoder(moved)), data.labels, 0.4, 0.5)
    torch.manual_seed(4)
    assert method.loss(data).item() == pytest.approx(want)
