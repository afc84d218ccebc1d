"""By some dimensions, made unit again, as by loops; with all classes and dimensions it is ArcFace."""

import math

import pytest
import torch

from pipeline.methods.embedding.unicom import Unicom
from pipeline.methods.margin_softmax.arcface import ArcFace
from tests.kit.losses import cross_entropy
from tests.kit.methods import batch, made
from tests.kit.metric_learning import LABELS, centred, directions, points, rows


def test_some_dimensions(monkeypatch):
    method, total = centred(Unicom, dimensions=0.6), 0.0
    monkeypatch.setattr(torch, "randperm", lambda n: torch.tensor([4, 0, 2, 1, 3]))
    found = method.chosen_loss(points(), directions(), LABELS)
    kept = [4, 0, 2]
    for row, y in zip(rows(points()[:, kept], directions()[:, kept]), LABELS.tolist(), strict=True):
        angle = math.acos(row[y])
        target = math.cos(angle + 0.3) if angle + 0.3 < math.pi else row[y] - 0.3 * math.sin(0.3)
        total += cross_entropy([32.0 * (target if k == y else c) for k, c in enumerate(row)], y)
    assert found.item() == pytest.approx(total / 12, rel=1e-5)


def test_with_all_of_both_it_is_arcface():
    method, other = made(Unicom, rate=1.0, dimensions=1.0), made(ArcFace, margin=0.3, scale=32.0)
    other.load_state_dict(method.state_dict())
    data = batch(("full",))
    torch.testing.assert_close(method.loss(data), other.loss(data))


def test_dimensions_left_out_have_no_gradient_and_change():
    torch.manual_seed(0)
    method, seen = centred(Unicom, dimensions=0.4), set()
    for _ in range(8):
        z = points().requires_grad_()
        method.chosen_loss(z, directions(), LABELS).backward()
        kept = (z.grad.abs().sum(0) > 0).nonzero().squeeze(1).tolist()
        assert len(kept) == 2
        seen.add(tuple(kept))
    assert len(seen) > 2
