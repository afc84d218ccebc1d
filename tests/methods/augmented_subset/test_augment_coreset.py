"""The coreset by loops: greedy facility location of p - y in each class, its weights, and where they count."""

import math

import pytest
import torch
import torch.nn.functional as F

from pipeline.methods.augmented_subset.augment_coreset import AugmentCoreset, even
from tests.kit.methods import CONTEXT, Training, batch, made

N = CONTEXT.train_examples


def begun(**settings):
    method, training = made(AugmentCoreset, share=0.25, **settings), Training()
    with torch.no_grad():
        method.renew(0, training)
    return method, training


def test_against_loops():
    method, training = begun()
    method.eval()
    with torch.no_grad():
        logits = method.logits(torch.cat([method.encoder(part) for part in training.plain()])).double()
    gradients = (logits.softmax(1) - F.one_hot(training.labels, 3)).tolist()
    weights = {}
    for label in range(3):
        own = [i for i, y in enumerate(training.labels.tolist()) if y == label]
        near = {(i, j): math.exp(-math.dist(gradients[i], gradients[j]) / 3) for i in own for j in own}
        taken = []
        for _ in range(4):
            left = [j for j in own if j not in taken]
            taken.append(max(left, key=lambda j: sum(max(near[i, k] for k in [*taken, j]) for i in own)))
        for j in taken:
            weights[j] = sum(max(taken, key=lambda k: near[i, k]) == j for i in own)
    assert set(method.chosen.nonzero().flatten().tolist()) == weights.keys()
    mean = sum(weights.values()) / len(weights)
    for place, served in weights.items():
        assert method.weights[place].item() == pytest.approx(served / mean, rel=1e-6)
    assert (method.weights[~method.chosen] == 1).all()


def losses(method, places):
    data = batch(("full", "strong"), size=len(places))
    data.indices = torch.tensor(places)
    strong = (data.indices >= N)[:, None, None, None]
    method.encoder.norm.eval()
    logits = method.logits(method.encoder(torch.where(strong, data.views[1], data.views[0])))
    return method.loss(data), F.cross_entropy(logits, method.labels[data.indices % N], reduction="none")


def test_weights_count_where_the_subset_is_trained_on_alone():
    places = [0, 1, N + 2, 3, N + 1, N + 20]
    for settings, weighted in (
        ({}, []),
        ({"alone": True}, [0, 1, 3]),
        ({"weigh_copies": True}, [2, 4, 5]),
        ({"alone": True, "weigh_copies": True}, [2, 4, 5]),
    ):
        method, _ = begun(**settings)
        method.weights.copy_(torch.linspace(0.5, 2.0, N))
        loss, each = losses(method, places)
        weights = [method.weights[place % N].item() if at in weighted else 1.0 for at, place in enumerate(places)]
        torch.testing.assert_close(loss, (each * torch.tensor(weights)).mean())


def test_without_weights_the_same_are_chosen_and_count_alike():
    method, _ = begun()
    plain, _ = begun(weighted=False)
    assert torch.equal(plain.chosen, method.chosen)
    assert (plain.weights == 1).all() and not (method.weights == 1).all()


def test_as_many_of_each_class_or_all_that_there_are():
    assert even(10, torch.tensor([9, 9, 9])) == [4, 3, 3]
    assert even(10, torch.tensor([1, 9, 9])) == [1, 5, 4]
    assert even(1, torch.tensor([5, 5])) == [1, 0]
    assert even(0, torch.tensor([5, 5])) == [0, 0]
    assert even(19, torch.tensor([1, 9, 9])) == [1, 9, 9]


def test_all_of_them_have_weight_one():
    method, training = made(AugmentCoreset, share=1.0), Training()
    with torch.no_grad():
        method.renew(0, training)
    assert method.chosen.all() and (method.weights == 1).all()


def test_fewer_than_classes_are_no_trouble():
    method = made(AugmentCoreset, share=0.03)
    with torch.no_grad():
        method.renew(0, Training())
    assert int(method.chosen.sum()) == 1
