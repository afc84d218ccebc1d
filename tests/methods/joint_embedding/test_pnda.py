"""Turned views as positives or negatives, and the predictor of turns, against slow loops; SupCon as a limit."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.pnda import PNDA
from pipeline.methods.joint_embedding.sup_con import SupCon
from tests.kit.embeddings import units
from tests.kit.methods import CONTEXT, SIDE, SIZE, Training, batch, begun, dot, made, pair


def test_turned_views_are_positives_or_negatives_as_in_the_slow_loops():
    torch.manual_seed(3)
    z, agnostic, total = torch.randn(4, 7, 5), torch.tensor([True, False, True, False, False, True, False]), 0.0
    views = units(z)
    for v in (0, 1):
        for i, anchor in enumerate(views[v]):
            others = [views[w][j] for w in range(4) for j in range(7) if (w, j) != (v, i)]
            whole = sum(math.exp(dot(anchor, other) / 0.5) for other in others)
            positives = [1 - v, 2, 3] if agnostic[i] else [1 - v]
            for w in positives:
                total -= math.log(math.exp(dot(anchor, views[w][i]) / 0.5) / whole) / len(positives) / 14
    assert float(PNDA().contrast(agnostic, *z)) == pytest.approx(total, rel=1e-5)


def test_pnda_with_turns_that_change_nothing_is_supervised_contrast_by_image():
    z1, z2 = pair()
    everything = torch.ones(7, dtype=torch.bool)
    expected = SupCon(temperature=0.5).contrast(torch.arange(7).repeat(2), torch.cat([z1, z2]), torch.cat([z2, z1]))
    torch.testing.assert_close(PNDA().contrast(everything, z1, z2, z2, z1), expected)


def test_the_last_two_views_are_turned_by_two_different_angles(monkeypatch):
    method = begun(made(PNDA), 1)
    data, seen, used = batch(method.views), [], set()
    monkeypatch.setattr(method, "embed", lambda views: seen.append(views) or [torch.randn(SIZE, 6)] * 4)
    for _ in range(20):
        method.loss(data)
        first, second, *turned = seen[-1]
        assert first is data.views[0] and second is data.views[1]
        turns = tuple(
            next(k for k in range(4) if torch.equal(view.rot90(k, (2, 3)), new))
            for view, new in zip(data.views[2:], turned, strict=True)
        )
        assert 0 not in turns and turns[0] != turns[1]
        used.add(turns)
    assert len(used) > 3


def test_the_predictor_learns_turns_first_and_then_separates_entropies():
    method, images = made(PNDA, batch_norm=False, plain_share=0.25), torch.randn(6, 1, 8, 8)
    with torch.no_grad():
        method.predictor[1].weight.mul_(40)
    for progress in (0.1, 0.7):
        method.progress = progress
        torch.manual_seed(1)
        found = method.prediction(images).item()
        torch.manual_seed(1)
        mirrored, cross, apart, sure = torch.rand(6) < 0.5, [], [], []
        for turn in range(4):
            for image, flip in zip(images, mirrored, strict=True):
                turned = (image.flip(2) if flip else image).rot90(turn, (1, 2))
                p = method.predictor(turned[None]).double().softmax(1)[0].tolist()
                uncertainty = -sum(x * math.log(x) for x in p)
                cross.append(-math.log(p[turn]))
                sure.append(uncertainty < math.log(4) / 2 - 0.2)
                apart.append(max(abs(uncertainty - math.log(4) / 2), 0.2))
        assert 0 < sum(sure) < 24
        if progress < 0.25:
            expected = sum(cross) / 24
        else:
            kept = sum(c for c, good in zip(cross, sure, strict=True) if good) / 24
            expected = kept - 0.2 * (0.7 - 0.25) / 0.75 * sum(apart) / 24
        assert found == pytest.approx(expected, rel=1e-4)


class SureOfBright(nn.Module):
    """Sure of the turns of images with a bright pixel."""

    def forward(self, images):
        return 9 * (images.amax((1, 2, 3)) > 0)[:, None] * torch.eye(4)[0]


def test_images_on_whose_turns_the_predictor_is_unsure_are_agnostic():
    method = made(PNDA)
    bright = torch.arange(CONTEXT.train_examples) % 3 == 0
    images = torch.zeros(CONTEXT.train_examples, 1, SIDE, SIDE, dtype=torch.uint8)
    images[bright, :, 0, 0] = 255
    method.predictor = SureOfBright()
    begun(method, 1, Training(images))
    assert torch.equal(method.agnostic, ~bright)


def test_phases_train_the_predictor_alone_and_then_the_encoder_alone():
    method = made(PNDA)
    for phase, views, trained in ((0, ("plain",), {"predictor"}), (1, ("full",) * 4, {"encoder", "projector"})):
        begun(method, phase)
        assert method.views == views
        method.zero_grad()
        method.loss(batch(views)).backward()
        assert {name.split(".")[0] for name, p in method.named_parameters() if p.grad is not None} == trained
    assert sum(method.phases) == pytest.approx(1.0)
