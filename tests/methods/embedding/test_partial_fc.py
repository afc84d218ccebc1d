"""Which classes are drawn; with all of them it is CosFace, loss and gradients; classes not drawn have no gradient."""

import pytest
import torch

from pipeline.contract import Batch
from pipeline.methods.embedding.partial_fc import PartialFC
from pipeline.methods.margin_softmax.cosface import CosFace
from tests.kit.losses import cross_entropy
from tests.kit.methods import batch, made
from tests.kit.metric_learning import LABELS, centred, directions, points, rows


def test_classes_of_the_batch_and_others_alike():
    method, drawn = centred(PartialFC, rate=0.5), torch.zeros(40)
    method.classes = 40
    labels = torch.tensor([7, 3, 7, 30])
    torch.manual_seed(0)
    for _ in range(400):
        chosen = method.chosen(labels)
        assert len(chosen) == 20 and torch.equal(chosen, chosen.unique()) and {3, 7, 30} <= set(chosen.tolist())
        drawn[chosen] += 1 / 400
    others = torch.ones(40, dtype=torch.bool)
    others[labels] = False
    assert (drawn[labels] > 0.999).all() and (drawn[others] - 17 / 37).abs().max() < 0.1


def test_where_there_is_no_room_the_batch_alone():
    method = centred(PartialFC)
    assert method.chosen(LABELS).tolist() == [0, 1, 2, 3]


def test_with_all_classes_it_is_cosface():
    method, other = made(PartialFC, rate=1.0, margin=0.3), made(CosFace, margin=0.3)
    other.load_state_dict(method.state_dict())
    data = batch(("full",))
    losses = [of.loss(data) for of in (method, other)]
    torch.testing.assert_close(*losses)
    for loss in losses:
        loss.backward()
    torch.testing.assert_close(method.head.weight.grad, other.head.weight.grad)


@pytest.mark.parametrize("limit", [1.0, 0.3])
def test_the_softmax_is_over_the_classes_drawn(limit):
    method, total = centred(PartialFC, scale=9.0, filter_above=limit), 0.0
    chosen = torch.tensor([0, 1, 2, 3, 5])
    found = method.chosen_loss(points(), directions()[chosen], torch.searchsorted(chosen, LABELS))
    for row, y in zip(rows(points(), directions()), LABELS.tolist(), strict=True):
        kept = {k: row[k] for k in chosen.tolist()}
        z = [9.0 * (c - 0.4 if k == y else 0.0 if c > limit else c) for k, c in kept.items()]
        total += cross_entropy(z, y)
    assert found.item() == pytest.approx(total / 12, rel=1e-5)


def test_classes_not_drawn_have_no_gradient():
    method = made(PartialFC, rate=0.0)
    data = batch(("full",))
    some = data.labels < 2
    part = Batch([data.views[0][some]], data.labels[some], data.indices[some])
    method.loss(part).backward()
    moved = method.head.weight.grad.abs().sum(1) > 0
    assert moved.tolist() == [True, True, False]
