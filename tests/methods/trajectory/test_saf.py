"""The loss by loops over a few epochs with logits kept by hand; limits; images that were left out; it resumes."""

import dataclasses
import math

import pytest
import torch

from pipeline.methods.trajectory.saf import SAF
from tests.kit.losses import cross_entropy, log_softmax, rows
from tests.kit.methods import batch, made, step
from tests.kit.slopes import check_resumes


def kl(past, now, tau):
    p, q = (log_softmax([z / tau for z in row]) for row in (past, now))
    return sum(math.exp(a) * (a - b) for a, b in zip(p, q, strict=True))


def test_the_loss_by_loops():
    """E = 2 after epoch 1: epochs 2, 3, 4 look at what was said in 0, 1, 2."""
    method = made(SAF, weight=0.7, temperature=3.0, back=2, start=1)
    said = []
    for epoch in range(5):
        data = batch(("full",), seed=epoch)
        method.start_epoch(epoch)
        with torch.no_grad():
            logits = method.logits(method.encoder(data.views[0]))
        now = list(rows(logits, data.labels))
        wanted = sum(cross_entropy(z, y) for z, y in now) / 12
        if epoch >= 2:
            wanted += 0.7 * 9 * sum(kl(old, z, 3.0) for old, (z, _) in zip(said[epoch - 2], now, strict=True)) / 12
        said.append(logits.tolist())
        assert step(method, data).item() == pytest.approx(wanted, rel=1e-5)


def test_images_left_out_have_no_second_term():
    method, alone = made(SAF, start=0, back=1), made(SAF, weight=0.0)
    method.start_epoch(0)
    method.loss(batch(("full",)))
    method.start_epoch(1)
    elsewhere = dataclasses.replace(batch(("full",), seed=5), indices=torch.arange(20, 32))
    torch.testing.assert_close(method.loss(elsewhere), alone.loss(elsewhere))


def test_unchanged_predictions_cost_nothing():
    method, alone = made(SAF, start=0, back=1), made(SAF, weight=0.0)
    for epoch in range(2):
        method.start_epoch(epoch)
        found = method.loss(batch(("full",)))
    torch.testing.assert_close(found, alone.loss(batch(("full",))))


def test_it_resumes():
    check_resumes(SAF, epochs=lambda number: number, start=1)
