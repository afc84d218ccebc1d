"""Layers, steps, regression and choice redone with numpy and scikit-learn; far from near told apart."""

import dataclasses

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from pipeline.errors import UserError
from pipeline.methods.ood_score.mahalanobis import Mahalanobis
from pipeline.ops.detection import auroc, fpr95, single
from tests.kit.ood import STD, fitted, images


def confidence(model, validation, x, layer):
    """The score of one layer with its Gaussians fitted here."""

    def pooled(v):
        return model.encoder.layers(v)[layer].flatten(2).mean(2)

    features, y = pooled(validation.train_inputs).detach().numpy(), validation.train_labels.numpy()
    means = [features[y == c].mean(0) for c in range(3)]
    centred = np.concatenate([features[y == c] - means[c] for c in range(3)])
    precision = torch.tensor(np.linalg.inv(centred.T @ centred / 60))
    apart = [pooled(x) - torch.tensor(m) for m in means]
    return torch.stack([-torch.einsum("ni,ij,nj->n", a, precision, a) for a in apart]).amax(0)


def layer_scores(model, validation, x, magnitude):
    out = []
    for layer in range(2):
        leaf = x.clone().requires_grad_()
        (slope,) = torch.autograd.grad(confidence(model, validation, leaf, layer).sum(), leaf)
        moved = x + magnitude * slope.sign() / STD.view(2, 1, 1)
        out.append(confidence(model, validation, moved, layer).detach())
    return torch.stack(out, 1).numpy()


def test_mahalanobis_by_its_parts(model, validation):
    """The score is the weighted sum of its layers."""
    method, chosen = fitted(Mahalanobis(), model, validation)
    ranked = []
    for magnitude in (0.0, 0.0005, 0.001, 0.0014, 0.002, 0.005, 0.01):
        known, unknown = (
            layer_scores(model, validation, side, magnitude) for side in (validation.known, validation.unknown)
        )
        sample, truth = np.r_[known[::2], unknown[::2]], np.r_[np.ones(40), np.zeros(40)]
        deviation = sample.std(0)
        regression = LogisticRegression(C=1.0, tol=1e-12, max_iter=10000)
        regression.fit((sample - sample.mean(0)) / deviation, truth)
        weights = regression.coef_[0] / deviation
        a, b = torch.tensor(known[1::2] @ weights), torch.tensor(unknown[1::2] @ weights)
        ranked.append(((single(fpr95, a, b), -single(auroc, a, b)), magnitude, weights))
    _, magnitude, weights = min(ranked, key=lambda found: found[0])
    assert chosen["epsilon"] == magnitude
    assert [chosen["alpha_0"], chosen["alpha_1"]] == pytest.approx(weights.tolist(), rel=1e-4)
    x = images(6, 18, 1.0)
    with torch.no_grad():
        got = method.scores(x)
    np.testing.assert_allclose(got, layer_scores(model, validation, x, magnitude) @ weights, rtol=1e-4)


def test_it_tells_far_from_near(model, validation):
    method, _ = fitted(Mahalanobis(), model, validation)
    with torch.no_grad():
        assert single(auroc, method.scores(images(50, 19, 1.0)), method.scores(images(50, 20, -2.0))) > 80


@pytest.mark.parametrize("field, key", [("known", "validation_examples"), ("unknown", "validation_outliers")])
def test_a_fit_without_validation_data_says_what_to_set(field, key, model, validation):
    with pytest.raises(UserError, match=key):
        fitted(Mahalanobis(), model, dataclasses.replace(validation, **{field: getattr(validation, field)[:0]}))
