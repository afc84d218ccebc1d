"""WAD: scores, weights and joining by loops; who joins is learned from; frozen teacher; resumed as uninterrupted."""

import copy
import dataclasses
import math

import pytest
import torch

from pipeline.methods.contrastive_pretraining.wad import WAD, margins
from tests.kit.losses import cross_entropy
from tests.kit.methods import CONTEXT, SIZE, Training, begun, made, step
from tests.kit.semi_supervised import data

STREAM = torch.randint(256, (40, 1, 8, 8), generator=torch.Generator().manual_seed(8), dtype=torch.uint8)
WITH_STREAM = dataclasses.replace(CONTEXT, streams={"unlabelled": STREAM})


def at(phase, **settings):
    """A method that has gone through its phases up to this one, with two steps in each before it."""
    method = made(WAD, context=WITH_STREAM, **settings)
    for number in range(phase):
        begun(method, number)
        for seed in range(2):
            step(method, given(seed))
    return begun(method, phase)


def given(seed=2):
    found = data(WAD, seed=seed)
    found["unlabelled"].indices = torch.arange(2 * SIZE) % len(STREAM)
    return found


def slow_scores(z, labelled, labels, classes):
    return [
        max(sum(a * b for a, b in zip(z, x, strict=True)) for x, y in zip(labelled, labels, strict=True) if y == c)
        for c in range(classes)
    ]


def unit(rows):
    return [[v / math.sqrt(sum(w * w for w in row)) for v in row] for row in rows]


def embedded(method, inputs):
    with torch.no_grad():
        return unit(method.teacher.eval()(next(iter(Training(inputs).plain(inputs[:20])))).double().tolist()) + (
            embedded(method, inputs[20:]) if len(inputs) > 20 else []
        )


def test_classes_and_weights_by_loops():
    method, training = at(1), Training()
    labelled = embedded(method, training.inputs)
    for place, z in enumerate(embedded(method, STREAM)):
        scores = slow_scores(z, labelled, training.labels.tolist(), 3)
        first, second = sorted(scores)[::-1][:2]
        assert method.classes[place] == scores.index(first)
        assert method.weights[place].item() == pytest.approx(first * (1 - second / first), abs=1e-5)


def test_images_of_one_class_near_two_alike_have_no_weight():
    cosines = torch.tensor([[0.9, 0.2, 0.9], [0.1, 0.5, 0.3]])
    classes, weights = margins(cosines, torch.tensor([0, 1, 2]))
    assert weights[0] == 0 and classes[1] == 1
    torch.testing.assert_close(weights[1], torch.tensor(0.2))
    # and none the more where a class has further labelled images
    more = torch.cat([cosines, torch.tensor([[0.0], [0.4]])], 1)
    assert torch.equal(margins(more, torch.tensor([0, 1, 2, 1]))[1], weights)


def test_the_loss_by_loops():
    method, batch = at(1), given()
    weak = batch["unlabelled"].views[0]
    with torch.no_grad():
        both = method.logits(method.encoder(torch.cat([batch.views[0], weak]))).tolist()
    labelled, unlabelled = both[:SIZE], both[SIZE:]
    want = sum(cross_entropy(z, int(y)) for z, y in zip(labelled, batch.labels, strict=True)) / SIZE
    places = batch["unlabelled"].indices.tolist()
    each = [
        float(method.weights[p]) * cross_entropy(z, int(method.classes[p]))
        for z, p in zip(unlabelled, places, strict=True)
    ]
    assert method.loss(batch).item() == pytest.approx(want + sum(each) / len(each), rel=1e-5)


def test_those_join_on_whose_labels_the_student_agrees_most():
    method = at(1, alpha=0.5, rounds=4)
    step(method, given())
    before = copy.deepcopy(method).eval()
    with torch.no_grad():
        logits = before.logits(before.encoder((STREAM.float() / 255 - 0.5) / 0.25)).tolist()
    losses = [cross_entropy(z, int(c)) for z, c in zip(logits, method.classes, strict=True)]
    begun(method, 2)
    count = int(0.5 * 0.75**2 * len(STREAM))
    assert set(method.joined.nonzero().squeeze(1).tolist()) == set(sorted(range(40), key=losses.__getitem__)[:count])
    assert torch.equal(method.classes[method.joined], before.classes[method.joined])
    assert not method.weights[method.joined].any() and method.training


def test_what_has_joined_is_learned_from_with_its_label():
    method = at(2, alpha=0.9)
    assert 0 < method.joined.sum() < 40
    order = method.arrange(torch.randperm(48).repeat(4))
    pool = set(range(48)) | {48 + int(place) for place in method.joined.nonzero()}
    assert set(order[: len(pool)].tolist()) == pool and len(order) >= 4 * 48
    place = int(method.joined.nonzero()[0])
    raw = method.fetch(Training().inputs, torch.tensor([3, 48 + place]))
    assert torch.equal(raw[1], STREAM[place]) and torch.equal(raw[0], Training().inputs[3])
    batch = given()
    batch.indices = torch.full((SIZE,), 48 + place)
    batch.labels = torch.full((SIZE,), -1)
    joined = method.loss(batch)
    batch.labels, batch.indices = torch.full((SIZE,), int(method.classes[place])), torch.arange(SIZE)
    torch.testing.assert_close(method.loss(batch), joined)


def test_later_scores_know_of_what_has_joined():
    method = at(2, alpha=0.9)
    labelled = embedded(method, Training().inputs) + embedded(method, STREAM[method.joined])
    labels = Training().labels.tolist() + method.classes[method.joined].tolist()
    everything = embedded(method, STREAM)
    for place in (~method.joined).nonzero().squeeze(1).tolist():
        scores = slow_scores(everything[place], labelled, labels, 3)
        assert method.classes[place] == scores.index(max(scores))


def test_without_alpha_nothing_joins_and_without_weights_all_count():
    method = at(2, alpha=0.0, weighted=False)
    assert not method.joined.any() and (method.weights == 1).all()
    order = torch.randperm(48)
    assert torch.equal(method.arrange(order), order)
    _, weights = at(2, alpha=0.9).pseudo_labels(torch.zeros(40, 1, 8, 8), torch.arange(40))
    assert weights.max() == 1.0 and (weights < 1).any()


def test_the_teacher_stays_and_the_student_starts_anew():
    method = made(WAD, context=WITH_STREAM)
    fresh = copy.deepcopy(method.encoder.state_dict())
    begun(method, 0)
    step(method, given())
    taught = copy.deepcopy(torch.nn.Sequential(method.encoder, method.projector).state_dict())
    begun(method, 1)
    assert all(torch.equal(value, method.encoder.state_dict()[name]) for name, value in fresh.items())
    step(method, given())
    assert all(torch.equal(value, method.teacher.state_dict()[name]) for name, value in taught.items())
    assert not torch.equal(method.encoder.convolution.weight, fresh["convolution.weight"])


def test_there_is_a_phase_more_than_rounds():
    assert WAD(rounds=4, pretraining=0.5).phases == pytest.approx((0.5, 0.1, 0.1, 0.1, 0.1, 0.1))
