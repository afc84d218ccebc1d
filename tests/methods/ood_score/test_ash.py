"""Activations sorted, pruned and scaled one by one, then energies; without any the energy of the bias."""

import math

import numpy as np
import pytest

from pipeline.methods.ood_score.ash import ASH
from tests.kit.ood import attached, energies, images, penultimate


@pytest.mark.parametrize("percentile, kept", [(0.0, 5), (50.0, 3), (80.0, 1), (99.0, 1)])
def test_ash_by_loops(percentile, kept, model):
    model.encoder.forward = lambda x: model.encoder.layers(x)[-1].mean((2, 3)).relu()
    shaped = []
    for f in penultimate(model, images(6, 35)):
        top = sorted(range(5), key=lambda i, f=f: -f[i])[:kept]
        scale = math.exp(f.sum() / max(f[top].sum(), 1e-12))
        shaped.append(np.array([f[i] * scale if i in top else 0.0 for i in range(5)]))
    got = attached(ASH(percentile=percentile), model).scores(images(6, 35))
    assert got.tolist() == pytest.approx(energies(model, shaped))


def test_of_an_input_without_activations_it_is_the_energy_of_the_bias(model):
    model.encoder.forward = lambda x: x.new_zeros(len(x), 5)
    bias = model.head.bias.logsumexp(0).item()
    assert attached(ASH(), model).scores(images(2, 36)).tolist() == pytest.approx([bias, bias])
