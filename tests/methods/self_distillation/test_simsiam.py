"""Cosines of predictions and the other view's projections by slow loops, and the gradient that stops at the latter."""

import pytest
import torch
from torch.nn.functional import cosine_similarity

from pipeline.methods.self_distillation.simsiam import SimSiam
from tests.kit.embeddings import cosine, layer_names, predictions_and_projections
from tests.kit.methods import SIZE, batch, made


def test_simsiam_equals_the_slow_loops():
    method, data = made(SimSiam), batch()
    (p1, p2), (z1, z2) = predictions_and_projections(method, data)
    expected = sum(-cosine(p1[i], z2[i]) / 2 - cosine(p2[i], z1[i]) / 2 for i in range(SIZE)) / SIZE
    assert method.loss(data).item() == pytest.approx(expected, rel=1e-5)


def test_the_gradient_stops_at_the_targets():
    method, data = made(SimSiam), batch()
    method.loss(data).backward()
    found = method.encoder.convolution.weight.grad.clone()

    _, targets = predictions_and_projections(method, data)
    method.zero_grad()
    p = method.predictor(torch.cat(method.embed(data.views))).chunk(2)
    fixed = [torch.tensor(targets[1]).float(), torch.tensor(targets[0]).float()]
    loss = -sum(cosine_similarity(a, b).mean() for a, b in zip(p, fixed, strict=True)) / 2
    loss.backward()
    torch.testing.assert_close(found, method.encoder.convolution.weight.grad)
    assert found.norm() > 1e-4


def test_the_projector_is_normalised_to_its_end_without_scale_and_the_predictor_inside():
    method, hidden = made(SimSiam), ["Linear", "BatchNorm1d", "ReLU"]
    assert layer_names(method.projector) == [*hidden, *hidden, "Linear", "BatchNorm1d"]
    assert not method.projector[-1].affine
    assert layer_names(method.predictor) == [*hidden, "Linear"] and method.predictor[-1].bias is not None
