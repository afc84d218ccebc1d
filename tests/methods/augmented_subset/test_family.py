"""What holds of every member: which views are learned from, how many, by which labels, and what resumes."""

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.augmented_subset import AugmentedSubset
from tests.kit.methods import CONTEXT, Training, batch, made, members, step

FAMILY = members("augmented_subset", AugmentedSubset)
N = CONTEXT.train_examples


def begun(cls, epoch=0, training=None, **settings):
    method, training = made(cls, **settings), training or Training()
    with torch.no_grad():
        method.renew(epoch, training)
    return method, training


def mixed(places):
    """A batch of weak and strong views whose places are given."""
    data = batch(("full", "strong"), size=len(places))
    data.indices = torch.tensor(places)
    data.labels = None
    return data


@pytest.mark.parametrize("cls", FAMILY)
def test_the_loss_is_that_of_one_view_of_each_example(cls):
    method, training = begun(cls)
    data = mixed([0, 1, 5, N + 1, N + 4, 7])
    images = torch.cat([data.views[0][:3], data.views[1][3:5], data.views[0][5:]])
    logits = method.logits(method.encoder(images))
    expected = F.cross_entropy(logits, training.labels[[0, 1, 5, 1, 4, 7]])
    method.encoder.norm.reset_running_stats()
    torch.testing.assert_close(method.loss(data), expected)


@pytest.mark.parametrize("cls", FAMILY)
def test_batches_are_drawn_from_all_examples_and_the_chosen_once_more(cls):
    method, _ = begun(cls)
    order = method.arrange(torch.randperm(N))
    pool = N + int(method.chosen.sum())
    assert len(order) % pool == 0 and len(order) >= N
    strong = (N + method.chosen.nonzero().squeeze(1)).tolist()
    assert sorted(order[:pool].tolist()) == [*range(N), *strong]


@pytest.mark.parametrize("cls", FAMILY)
def test_strong_views_that_are_seen_are_counted(cls):
    method, _ = begun(cls)
    seen = 0
    for _ in range(3):
        order = method.arrange(torch.randperm(N))
        seen += int((order[: method.used] >= N).sum())
    assert int(method.augmented) == seen
    assert (seen > 0) is (cls.__name__ != "AugmentNone")


@pytest.mark.parametrize("cls", [cls for cls in FAMILY if cls.__name__ != "AugmentNone"])
def test_alone_only_the_chosen_are_seen(cls):
    method, _ = begun(cls, alone=True)
    order = method.arrange(torch.randperm(N))
    assert set((order % N).tolist()) == set(method.chosen.nonzero().flatten().tolist())
    count = int(method.chosen.sum())
    assert int((order[: 2 * count] >= N).sum()) == count


@pytest.mark.parametrize("cls", FAMILY)
def test_strong_views_are_made_of_the_same_image(cls):
    method, training = begun(cls)
    places = torch.tensor([3, N + 3, N + 9, 9])
    found = method.fetch(training.inputs, places)
    assert torch.equal(found[0], found[1]) and torch.equal(found[2], found[3])
    assert torch.equal(found, training.inputs[[3, 3, 9, 9]])


@pytest.mark.parametrize("cls", FAMILY)
def test_the_choice_is_renewed_every_so_many_epochs(cls):
    method, training = begun(cls, refresh=3)
    first = method.chosen.clone()
    for seed in range(5):
        data = batch(("full", "strong"), seed=seed)
        step(method, data)
    for epoch in (1, 2):
        with torch.no_grad():
            method.renew(epoch, training)
        assert torch.equal(method.chosen, first)
    with torch.no_grad():
        method.renew(3, training)
    fixed = cls.__name__ in ("AugmentAll", "AugmentNone")
    assert torch.equal(method.chosen, first) is fixed


@pytest.mark.parametrize("cls", FAMILY)
def test_draws_elsewhere_play_no_part_in_the_choice(cls):
    torch.manual_seed(1)
    first, _ = begun(cls)
    torch.manual_seed(2)
    again, _ = begun(cls)
    torch.rand(7)
    assert torch.equal(first.chosen, again.chosen) and torch.equal(first.weights, again.weights)
    assert first.weights[first.chosen].sum() == pytest.approx(int(first.chosen.sum()), rel=1e-5)
