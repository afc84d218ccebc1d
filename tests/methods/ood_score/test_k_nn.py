"""Distances to the k-th nearest by sorting; zero to a training example; the scale of features does not matter."""

import math

import numpy as np
import pytest
import torch

from pipeline.methods.ood_score.k_nn import KNN
from tests.kit.ood import fitted, images, penultimate


@pytest.mark.parametrize("k", [1, 7, 1000])
def test_k_nn_by_loops(k, model, validation):
    method, _ = fitted(KNN(k=k), model, validation)
    bank = [f / np.linalg.norm(f) for f in penultimate(model, validation.train_inputs)]
    want = []
    for f in penultimate(model, images(6, 30)):
        distances = sorted(math.dist(f / np.linalg.norm(f), z) for z in bank)
        want.append(-distances[min(k, 60) - 1])
    assert method.scores(images(6, 30)).tolist() == pytest.approx(want, abs=1e-7)


def test_a_training_example_is_itself_and_the_scale_of_features_does_not_matter(model, validation):
    method, _ = fitted(KNN(k=1), model, validation)
    assert method.scores(validation.train_inputs).abs().max() < 1e-6
    before = method.scores(images(6, 31))
    model.encoder.forward = lambda x: 5 * model.encoder.layers(x)[-1].mean((2, 3))
    torch.testing.assert_close(fitted(method, model, validation)[0].scores(images(6, 31)), before)
