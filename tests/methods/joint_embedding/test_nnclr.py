"""InfoNCE from nearest neighbours against slow loops over four terms, and plain InfoNCE where they are the images."""

import math

import pytest
import torch
from torch import nn

from pipeline.methods.joint_embedding.nnclr import NNCLR
from tests.kit.embeddings import cosine, layer_names, predictions_and_projections
from tests.kit.methods import SIZE, batch, dot, made, pair, unit


def test_nnclr_equals_the_slow_loops():
    method, data = made(NNCLR), batch()
    p, z = predictions_and_projections(method, data)
    queue, total = method.queue.items.double().tolist(), 0.0
    for near, far in ((0, 1), (1, 0)):
        neighbours = [max(queue, key=lambda q, row=row: dot(unit(row), q)) for row in z[near]]
        for i in range(SIZE):
            positive = math.exp(cosine(neighbours[i], p[far][i]) / 0.1)
            over_predictions = sum(math.exp(cosine(neighbours[i], p[far][k]) / 0.1) for k in range(SIZE))
            over_neighbours = sum(math.exp(cosine(neighbours[k], p[far][i]) / 0.1) for k in range(SIZE))
            total -= (math.log(positive / over_predictions) + math.log(positive / over_neighbours)) / (4 * SIZE)
    assert method.loss(data).item() == pytest.approx(total, rel=1e-5)


def test_nnclr_whose_support_set_holds_the_embeddings_is_info_nce_between_the_views():
    method, (z1, z2) = made(NNCLR), pair(SIZE, 6)
    method.predictor = nn.Identity()
    unit1, unit2 = (nn.functional.normalize(z) for z in (z1, z2))
    method.queue.items = torch.cat([unit1, unit2])
    logits, own = unit1 @ unit2.T / 0.1, torch.arange(SIZE)
    expected = (nn.functional.cross_entropy(logits, own) + nn.functional.cross_entropy(logits.T, own)) / 2
    torch.testing.assert_close(method.objective(z1, z2), expected)


def test_nnclrs_support_set_takes_the_first_view_after_the_step():
    method, data = made(NNCLR), batch()
    before = method.queue.items.clone()
    with torch.no_grad():
        z = nn.functional.normalize(method.embed(data.views)[0])
    method.loss(data)
    assert torch.equal(method.queue.items, before)
    with torch.no_grad():
        method.after_step()
    torch.testing.assert_close(method.queue.items[:SIZE], z)
    assert torch.equal(method.queue.items[SIZE:], before[SIZE:])


def test_the_head_is_normalised_to_its_end_and_the_predictor_inside():
    method, hidden = made(NNCLR), ["Linear", "BatchNorm1d", "ReLU"]
    assert layer_names(method.projector) == [*hidden, *hidden, "Linear", "BatchNorm1d"] and method.projector[-1].affine
    assert layer_names(method.predictor) == [*hidden, "Linear"]
