"""Cross-entropy of cosines by loops; CosFace and ArcFace without a margin."""

import pytest
import torch

from pipeline.methods.embedding.normalised_softmax import NormalisedSoftmax
from pipeline.methods.margin_softmax.arcface import ArcFace
from pipeline.methods.margin_softmax.cosface import CosFace
from tests.kit.losses import cross_entropy
from tests.kit.methods import batch, made
from tests.kit.metric_learning import LABELS, centred, directions, points, rows, value


@pytest.mark.parametrize("temperature", [0.05, 0.5])
def test_normalised_softmax(temperature):
    found = rows(points(), directions())
    total = sum(cross_entropy([c / temperature for c in row], y) for row, y in zip(found, LABELS.tolist(), strict=True))
    assert value(centred(NormalisedSoftmax, temperature=temperature)) == pytest.approx(total / 12)


@pytest.mark.parametrize("cls", [CosFace, ArcFace])
def test_it_is_a_margin_loss_without_margin(cls):
    method, other, data = made(NormalisedSoftmax), made(cls, scale=20.0, margin=0.0), batch(("full",))
    other.load_state_dict(method.state_dict())
    torch.testing.assert_close(method.loss(data), other.loss(data))


def test_batches_are_random_unless_images_per_class_say_otherwise():
    order = torch.randperm(48)
    assert torch.equal(made(NormalisedSoftmax).arrange(order), order)
    grouped = made(NormalisedSoftmax, images_per_class=4)
    grouped.labels = torch.arange(48) % 3
    for part in grouped.arrange(order).split(12):
        assert torch.bincount(grouped.labels[part]).tolist() == [4, 4, 4]
