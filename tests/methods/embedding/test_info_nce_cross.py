"""Both directions of the contrast by loops; pairs come together, one of a place in a batch."""

import dataclasses
import math

import pytest
import torch

from pipeline.contract import Batch
from pipeline.methods.embedding.info_nce_cross import InfoNCECross
from tests.kit.methods import CONTEXT, SIDE, Training, begun, made, step
from tests.kit.metric_learning import rows

PLACES, PAIRS = 9, 18
CONTEXT_OF_PAIRS = dataclasses.replace(CONTEXT, num_classes=PLACES, train_examples=2 * PAIRS, batch_size=8)


def training():
    """Of nine places with two pairs each, not in order."""
    make = torch.Generator().manual_seed(3)
    images = torch.randint(256, (2 * PAIRS, 1, SIDE, SIDE), generator=make, dtype=torch.uint8)
    places = (torch.arange(PAIRS) % PLACES)[torch.randperm(PAIRS, generator=make)]
    return Training(images, places.repeat_interleave(2))


def paired(cls=InfoNCECross, **settings):
    return made(cls, context=CONTEXT_OF_PAIRS, **settings)


def views(seed=5):
    make = torch.Generator().manual_seed(seed)
    return [torch.randn(7, 5, generator=make, dtype=torch.float64) for _ in range(2)]


@pytest.mark.parametrize(("temperature", "smoothing"), [(0.07, 0.1), (0.5, 0.0), (0.2, 0.6)])
def test_both_directions(temperature, smoothing):
    queries, references = views()
    cosines, total = rows(queries, references), 0.0
    for table in (cosines, [list(column) for column in zip(*cosines, strict=True)]):
        for i, row in enumerate(table):
            log_sum = math.log(sum(math.exp(c / temperature) for c in row))
            log_p = [c / temperature - log_sum for c in row]
            total -= (1 - smoothing) * log_p[i] + smoothing * sum(log_p) / 7
    method = paired(temperature=temperature, smoothing=smoothing).double()
    # the scale is kept in float32 until here
    assert method.contrast(queries, references).item() == pytest.approx(total / 14, rel=1e-6)


def test_views_can_be_exchanged_and_have_any_length():
    queries, references = views()
    method = paired().double()
    loss = method.contrast(queries, references)
    torch.testing.assert_close(method.contrast(references, queries), loss)
    torch.testing.assert_close(method.contrast(3 * queries, 0.2 * references), loss)
    order = torch.randperm(7)
    torch.testing.assert_close(method.contrast(queries[order], references[order]), loss)


def test_images_of_a_batch_are_views_by_turns():
    method = paired().eval()
    images = torch.randn(8, 1, SIDE, SIDE)
    z = method.encoder(images)
    assert torch.equal(method.loss(Batch([images], torch.zeros(8), torch.arange(8))), method.contrast(z[::2], z[1::2]))


def test_a_batch_has_whole_pairs_of_places_that_differ():
    method, given = begun(paired(), training=training()), training()
    torch.manual_seed(0)
    arranged = method.arrange(torch.randperm(2 * PAIRS))
    assert len(arranged) >= 2 * PAIRS // 8 * 8 and (arranged[::2] % 2 == 0).all()
    assert torch.equal(arranged[1::2], arranged[::2] + 1)
    for part in arranged.split(8):
        assert len(given.labels[part].unique()) == 4


def test_the_scale_is_learned():
    method = paired()
    images = torch.randn(8, 1, SIDE, SIDE)
    assert method.log_scale.item() == pytest.approx(math.log(1 / 0.07))
    step(method, Batch([images], torch.zeros(8), torch.arange(8)))
    assert method.log_scale.item() != pytest.approx(math.log(1 / 0.07), abs=1e-6)
