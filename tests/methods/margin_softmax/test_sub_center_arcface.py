"""The nearest sub-centre of each class by loops, ArcFace with one, and suspects by counting whom each is nearest to."""

import math

import pytest
import torch

from pipeline.methods.margin_softmax.arcface import ArcFace
from pipeline.methods.margin_softmax.sub_center_arcface import SubCenterArcFace
from tests.kit.classifiers import embedded
from tests.kit.losses import cosines
from tests.kit.methods import FEATURES, SIZE, Training, begun, made

LABELS = torch.arange(SIZE) % 3


def test_logits_take_the_nearest_of_each_class():
    method, features = made(SubCenterArcFace, sub_centres=4, scale=7.0), embedded(SIZE)
    for every, row in zip(cosines(features, method.head.weight), method.logits(features).tolist(), strict=True):
        assert row == pytest.approx([7 * max(every[4 * k : 4 * k + 4]) for k in range(3)], rel=1e-4, abs=1e-5)


def test_one_sub_centre_is_arcface():
    one, plain, features = made(SubCenterArcFace, sub_centres=1), made(ArcFace), embedded(SIZE)
    want = plain.objective(plain.logits(features), LABELS)
    torch.testing.assert_close(one.objective(one.logits(features), LABELS), want)


def test_only_nearest_sub_centres_are_trained():
    method = made(SubCenterArcFace, scale=4.0)
    feature = torch.randn(1, FEATURES, generator=torch.Generator().manual_seed(4))
    method.objective(method.logits(feature), torch.tensor([1])).backward()
    nearest = method.cosines(feature).argmax(2)[0] + 3 * torch.arange(3)
    assert method.head.weight.grad.abs().sum(1).nonzero().squeeze(1).tolist() == nearest.tolist()


def test_suspects_are_far_from_their_classs_dominant_sub_centre():
    method, training = begun(made(SubCenterArcFace, suspicion=88.0)), Training()
    assert (method.dominance == 0).all()
    begun(method, 1)
    assert method.training and method.encoder.training
    method.eval()
    with torch.no_grad():
        features = torch.cat([method.encoder(part) for part in training.plain()])
    own = [
        row[3 * y : 3 * y + 3]
        for row, y in zip(cosines(features, method.head.weight), training.labels.tolist(), strict=True)
    ]
    nearest = [[0] * 3 for _ in range(3)]
    for row, y in zip(own, training.labels.tolist(), strict=True):
        nearest[y][row.index(max(row))] += 1
    want = [row[nearest[y].index(max(nearest[y]))] for row, y in zip(own, training.labels.tolist(), strict=True)]
    assert method.label_scores().tolist() == pytest.approx(want, abs=1e-5)
    assert method.suspects().tolist() == [math.degrees(math.acos(c)) > 88 for c in want]
    assert not method.suspects().all()
    assert not "dominance".startswith(method.training_only)
