"""Rates by layer from exponents of whole spectra: a layer's exponent by loops, and what a step then does."""

import math

import numpy as np
import pytest
import torch

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.layer_rates.temp_balance import TempBalance
from pipeline.ops.spectral_exponents import layers
from tests.kit.layer_rates import begun, made, sgd
from tests.kit.methods import batch, step


def by_numpy(weight):
    values = sorted(np.linalg.svd(weight.detach().double().numpy(), compute_uv=False) ** 2)
    tail = values[len(values) // 2 :]
    return 1 + len(tail) / sum(math.log(value / tail[0]) for value in tail)


def test_scales_go_linearly_from_the_heaviest_tail_to_the_lightest():
    method = made(TempBalance, low=0.2, high=1.6)
    (optimizer,) = begun(method)
    tuned = layers(method)
    assert [layer.weight.shape[0] for layer in tuned] == [30, 12, 10]  # the head has three classes
    alphas = [by_numpy(layer.weight) for layer in tuned]
    scales = {id(p): group["scale"] for group in optimizer.param_groups for p in group["params"]}
    for layer, alpha in zip(tuned, alphas, strict=True):
        want = 0.2 + 1.4 * (alpha - min(alphas)) / (max(alphas) - min(alphas))
        assert scales[id(layer.weight)] == pytest.approx(want) == scales[id(layer.bias)]
    assert scales[id(method.head.weight)] == 1.0 == scales[id(method.encoder.scale)]
    decayed = {id(p) for group in optimizer.param_groups if group["weight_decay"] for p in group["params"]}
    assert decayed == {id(p) for p in method.parameters() if p.ndim > 1}
    assert sorted(scales) == sorted(id(p) for p in method.parameters())


def test_with_one_rate_it_is_cross_entropy():
    method, plain = made(TempBalance, low=1.0, high=1.0), made(CrossEntropy)
    mine, other = begun(method), [sgd(plain)]
    for seed in range(3):
        method.step(batch(("full",), seed=seed), mine, 0)
        plain.step(batch(("full",), seed=seed), other, 0)
    for one, two in zip(method.parameters(), plain.parameters(), strict=True):
        torch.testing.assert_close(one, two)


def test_rates_differ_and_are_renewed_also_after_the_optimiser_is_restored():
    method, plain = made(TempBalance), made(CrossEntropy)
    mine = begun(method)
    method.step(batch(("full",)), mine, 0)
    step(plain, batch(("full",)))
    assert not torch.equal(method.encoder.layers[0].weight, plain.encoder.layers[0].weight)
    mine[0].load_state_dict(mine[0].state_dict())
    with torch.no_grad():
        method.encoder.layers[1].weight[0] *= 30
    begun(method, 1, mine)
    groups = [group for group in mine[0].param_groups if group["layer"] == 1]
    assert groups and all(group["scale"] == 0.5 for group in groups)
