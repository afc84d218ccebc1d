"""Rows of length one by loops, in encoder and head; only their directions train; a weight is computed once a step."""

import copy
import dataclasses
import math

import torch

from pipeline.methods.classifier.weight_conditioning import WeightConditioning
from pipeline.modalities.images.encoders.convnet import ConvNet
from pipeline.ops.weights import row_lengths, weighted_layers
from tests.kit.methods import CONTEXT, FEATURES, batch, made, step


def test_rows_have_length_one_in_encoder_and_head():
    method, data = made(WeightConditioning), batch(("full",))
    step(method, data)
    originals = dict(method.named_parameters())
    for layer, name in ((method.encoder.convolution, "encoder.convolution"), (method.head, "head")):
        raw = originals[f"{name}.parametrizations.weight.original"].detach().double()
        want = raw.clone()
        for i, row in enumerate(raw.flatten(1).tolist()):
            want[i] = raw[i] / math.sqrt(sum(v * v for v in row))
        torch.testing.assert_close(layer.weight.detach().double(), want, rtol=1e-5, atol=1e-7)
        torch.testing.assert_close(row_lengths(layer.weight), torch.ones(len(raw)))
        assert not torch.allclose(row_lengths(raw), torch.ones(len(raw), dtype=torch.float64))


def test_it_lowers_the_condition_number_of_badly_scaled_rows():
    method = made(WeightConditioning)
    scaled = torch.randn(3, FEATURES) * torch.tensor([[100.0], [1.0], [0.01]])
    method.head.parametrizations.weight.original.data.copy_(scaled)
    assert torch.linalg.cond(method.head.weight) < 10 < 1000 < torch.linalg.cond(scaled)


def test_it_trains_the_rows_directions():
    method = made(WeightConditioning)
    method.loss(batch(("full",))).backward()
    raw = method.head.parametrizations.weight.original
    assert raw.grad.norm() > 1e-3
    torch.testing.assert_close((raw * raw.grad).sum(1), torch.zeros(len(raw)), atol=1e-6, rtol=0)


def test_it_changes_nothing_before_batch_normalisation():
    torch.manual_seed(2)
    images = torch.randn(16, 1, 14, 14)
    method = WeightConditioning()
    method.encoder = ConvNet(1).train()
    plain = copy.deepcopy(method.encoder)
    method.build(CONTEXT)
    torch.testing.assert_close(method.encoder(images), plain(images), rtol=1e-2, atol=1e-3)


class Twice(ConvNet):
    """Reads every weight twice."""

    def forward(self, inputs):
        super().forward(inputs)
        return super().forward(inputs)


def test_a_weight_is_computed_once_a_step_and_anew_after_it():
    method, data = WeightConditioning(), batch(("full",))
    method.encoder = Twice(1).train()
    method.build(dataclasses.replace(CONTEXT, feature_dim=method.encoder.feature_dim))
    data.views = [torch.randn(len(data.labels), 1, 16, 16)]
    layer, calls = weighted_layers(method.encoder)[-1], []
    layer.parametrizations.weight[0].register_forward_hook(lambda *_: calls.append(1))
    before = method.loss(data)
    assert len(calls) == 1
    step(method, data)
    assert not torch.equal(method.loss(data), before)
    torch.testing.assert_close(copy.deepcopy(method).loss(data), method.loss(data))
