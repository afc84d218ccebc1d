"""Activations cut at numpy's percentile, then energies one by one; cut at the largest it is the energy."""

import numpy as np
import pytest
import torch

from pipeline.methods.ood_score.energy import Energy
from pipeline.methods.ood_score.react import ReAct
from tests.kit.ood import attached, energies, fitted, images, penultimate


@pytest.mark.parametrize("percentile", [0.0, 37.0, 90.0, 100.0])
def test_react_by_loops(percentile, model, validation):
    method, chosen = fitted(ReAct(percentile=percentile), model, validation)
    limit = np.percentile(penultimate(model, validation.train_inputs), percentile)
    assert chosen == {"c": pytest.approx(limit)}
    want = energies(model, [np.minimum(f, limit) for f in penultimate(model, images(6, 32))])
    assert method.scores(images(6, 32)).tolist() == pytest.approx(want)


def test_at_the_largest_activation_it_is_energy(model, validation):
    x = validation.train_inputs
    method, _ = fitted(ReAct(percentile=100.0), model, validation)
    torch.testing.assert_close(method.scores(x), attached(Energy(), model).scores(x))
