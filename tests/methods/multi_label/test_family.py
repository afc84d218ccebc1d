"""What holds of every method of several labels: binary losses by loops, alike in all classes, who learns."""

import dataclasses

import pytest
import torch
from torch.nn.functional import one_hot

from pipeline.methods.multi_label import MultiLabel
from tests.kit.classifiers import K, check_order, check_reach
from tests.kit.losses import binary_losses
from tests.kit.methods import CONTEXT, batch, made, members, step

FAMILY = members("multi_label")


@pytest.fixture
def data():
    whole = batch(("full",))
    return dataclasses.replace(whole, labels=one_hot(whole.labels, CONTEXT.num_classes).float())


@pytest.mark.parametrize("cls", [MultiLabel, *FAMILY])
def test_unseen_labels_count_as_absent_at_first(cls, logits, labels):
    losses = binary_losses(logits, one_hot(labels, K))
    want = sum(value for value, _ in losses) / len(losses)
    assert cls().objective(logits, one_hot(labels, K).double()).item() == pytest.approx(want)


@pytest.mark.parametrize("cls", FAMILY)
def test_a_new_order_of_classes_changes_nothing(cls, logits, labels):
    method = cls()
    method.progress = 0.9

    def objective(z, y):
        return method.objective(z, one_hot(y, K).double())

    check_order(objective, objective, logits, labels)


@pytest.mark.parametrize("cls", FAMILY)
def test_a_step_reaches_everything_and_all_of_it_is_kept(cls, data):
    method = made(cls)
    method.progress = 0.5
    check_reach(method, data)
    before = step(method, data)
    assert method.loss(data) < before
    assert not method.training_only
    again = made(cls, seed=9)
    again.load_state_dict(method.state_dict())
    images = data.views[0]
    assert torch.equal(again.eval().logits(images), method.eval().logits(images))
    assert method.logits(images).shape == data.labels.shape


def test_only_the_ceiling_reads_all_labels():
    assert [cls.__name__ for cls in FAMILY if cls.all_positives] == ["AllLabels"]
