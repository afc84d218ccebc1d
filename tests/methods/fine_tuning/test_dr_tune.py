"""Rotations against all others, calibration class by class and image by image, and what the second term trains."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.fine_tuning.dr_tune import DRTune, rotation_onto
from pipeline.methods.fine_tuning.fine_tuning import FineTuning
from tests.kit.classifiers import member, trained_base
from tests.kit.methods import FEATURES, SIZE, Training, batch, begun, dot, made, on, step, unit


def turned(size, seed):
    q, _ = torch.linalg.qr(torch.randn(size, size, generator=torch.Generator().manual_seed(seed), dtype=torch.float64))
    if torch.linalg.det(q) < 0:
        q[:, 0] *= -1
    return q


def test_rotations_are_found_and_reflections_are_not():
    x = torch.randn(40, 4, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    r = turned(4, 5)
    torch.testing.assert_close(rotation_onto(x, x @ r.T + 3), r)
    mirror = torch.diag(torch.tensor([1.0, 1.0, 1.0, -1.0], dtype=torch.float64))
    found = rotation_onto(x, x @ mirror)
    assert torch.linalg.det(found).item() == pytest.approx(1.0)

    def error(candidate):
        a, b = x - x.mean(0), (x - x.mean(0)) @ mirror
        return ((a @ candidate.T - b) ** 2).sum().item()

    best = error(found)
    assert all(best <= error(turned(4, seed)) for seed in range(200))
    small = torch.linalg.matrix_exp(1e-3 * (r - r.T))
    assert best < error(found @ small) and best < error(found @ small.T)
    assert rotation_onto(x * torch.nan, x).isfinite().all()


def slow_calibration(method, features):
    """Class by class and image by image, from the queue as it stands."""
    rows = method.queue.items.double()
    ours = [unit(row) for row in rows[:, :FEATURES].tolist()]
    theirs = [unit(row) for row in rows[:, FEATURES : 2 * FEATURES].tolist()]
    labels = [int(v) for v in rows[:, -1].tolist()]
    rotation = rotation_onto(torch.tensor(theirs).double(), torch.tensor(ours).double()).tolist()
    theirs = [[dot(r, row) for r in rotation] for row in theirs]
    length = sum(math.sqrt(dot(f, f)) for f in features.double().tolist()) / len(features)
    out = [None] * len(labels)
    for c, prototype in enumerate(method.head.weight.double().tolist()):
        places = [i for i, y in enumerate(labels) if y == c]
        if not places:
            continue
        scores = [math.exp(dot(ours[i], unit(prototype))) for i in places]
        for d in range(FEATURES):
            centre = sum(s * ours[i][d] for s, i in zip(scores, places, strict=True)) / sum(scores)
            mean = sum(theirs[i][d] for i in places) / len(places)
            for i in places:
                out[i] = [*(out[i] or []), theirs[i][d] + centre - mean]
    return [[length * v for v in unit(row)] for row in out], labels


def drifted(**settings):
    """One whose queue has features under two different encoders, and a class that it lacks."""
    method = begun(member(DRTune, queue_length=20, **settings))
    generator = torch.Generator().manual_seed(8)
    method.queue.items[:, :FEATURES] += 0.3 * torch.randn(20, FEATURES, generator=generator)
    method.queue.items[:, -1] = torch.arange(20) % 2
    return method


def test_calibration_and_loss_against_loops():
    method, data = drifted(), batch(("full",))
    features = method.encoder(data.views[0])
    rows, labels = slow_calibration(method, features.detach())
    found, known = method.calibrated(features.detach())
    torch.testing.assert_close(found, torch.tensor(rows), atol=2e-4, rtol=1e-3)
    assert known.tolist() == labels
    want = nn.functional.cross_entropy(method.head(features), data.labels)
    want = want + nn.functional.cross_entropy(method.head(torch.tensor(rows)), torch.tensor(labels))
    torch.testing.assert_close(method.loss(data), want, atol=1e-3, rtol=1e-3)


def test_the_second_term_trains_the_head_alone():
    method, plain, data = drifted(), member(FineTuning), batch(("full",))
    plain.head.load_state_dict(method.head.state_dict())
    for each in (method, plain):
        each.loss(data).backward()
    torch.testing.assert_close(method.encoder.convolution.weight.grad, plain.encoder.convolution.weight.grad)
    assert not torch.allclose(method.head.weight.grad, plain.head.weight.grad)
    assert all(p.grad is None for p in method.pretrained.parameters())


def test_the_queue_begins_with_the_training_set_and_takes_the_batch_after_its_use():
    base, training = trained_base(), Training()
    method = made(DRTune, context=on(base), queue_length=20)
    torch.manual_seed(12)
    begun(method, training=training)
    torch.manual_seed(12)
    chosen = torch.randperm(48)[:20]
    want = base.encoder(torch.cat(list(training.plain(training.inputs[chosen]))))
    items = method.queue.items.clone()
    torch.testing.assert_close(items, torch.cat([want, want, training.labels[chosen, None]], 1))
    data = batch(("full",))
    step(method, data)
    torch.testing.assert_close(method.queue.items[SIZE:], items[SIZE:])
    torch.testing.assert_close(method.queue.items[:SIZE, FEATURES : 2 * FEATURES], base.encoder(data.views[0]))
    assert method.queue.items[:SIZE, -1].tolist() == data.labels.tolist()
    assert not torch.allclose(method.queue.items[:SIZE, :FEATURES], method.queue.items[:SIZE, FEATURES:-1])
    torch.testing.assert_close(method.pretrained.state_dict(), base.encoder.state_dict())


def test_it_rotates_anew_every_few_steps_of_an_epoch():
    method, data = drifted(rotation_interval=3), batch(("full",))
    method.start_epoch(0)
    kept = []
    for _ in range(5):
        step(method, data)
        kept.append(method.rotation.clone())
    assert torch.equal(kept[0], kept[1]) and torch.equal(kept[0], kept[2]) and torch.equal(kept[3], kept[4])
    assert not torch.equal(kept[2], kept[3])
    method.start_epoch(1)
    step(method, data)
    assert not torch.equal(kept[4], method.rotation)
