"""Ridge regression of attributes: against its normal equations one attribute at a time."""

import numpy as np
import torch

from pipeline.methods.zero_shot.attribute_regression import AttributeRegression
from tests.kit.zero_shot import ATTRIBUTES, WIDTH, built, training


def test_against_one_regression_for_each_attribute():
    method, given = built(AttributeRegression, gamma=0.03), training()
    raw = given.inputs.double().numpy()
    x = (raw - raw.mean(0)) / raw.std(0, ddof=1)
    n = len(x)
    predicted = np.zeros((n, ATTRIBUTES.shape[1]))
    for m in range(ATTRIBUTES.shape[1]):
        y = ATTRIBUTES[given.labels, m].double().numpy()
        # ridge as least squares on rows that say that weights are zero
        rows = np.vstack([x, np.sqrt(0.03 * n) * np.eye(WIDTH)])
        w = np.linalg.lstsq(rows, np.concatenate([y - y.mean(), np.zeros(WIDTH)]), rcond=None)[0]
        predicted[:, m] = x @ w + y.mean()
    a = ATTRIBUTES.double().numpy()
    expected = (predicted @ a.T) / np.linalg.norm(predicted, axis=1)[:, None] / np.linalg.norm(a, axis=1)
    found = method.logits(method.features(given.inputs.double()))
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-9)


def test_attributes_that_are_linear_in_features_are_found():
    method, given = built(AttributeRegression, gamma=1e-6), training()
    right = method.logits(method.features(given.inputs.double())).argmax(1) == given.labels
    assert right.double().mean() > 0.9


def test_unseen_classes_play_no_part_in_the_fit():
    method = built(AttributeRegression)
    kept = method.weights.clone()
    method.attributes[5:] = torch.rand_like(method.attributes[5:])
    method.solve(method.stored, method.given)
    assert torch.equal(kept, method.weights)
