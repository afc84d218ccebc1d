"""scikit-learn's network, of two classes and of more."""

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPClassifier

from pipeline.methods.boosting.joint_network_classifier import JointNetworkClassifier
from tests.kit.tables import classes, fitted, network

JOINT = {"units": 6, "iterations": 20}


@pytest.mark.parametrize("number", [2, 3])
def test_the_classifying_network_is_scikit_learns(number):
    training, test = classes(number), classes(number, seed=6).inputs
    method = fitted(JointNetworkClassifier, training, number, **JOINT, held_out=0.0)
    rows = training.inputs.double().numpy()
    want = network(MLPClassifier, rows, training.labels.numpy(), np.random.RandomState(method.seed), **JOINT)
    found = method.logits(test).softmax(1).double()
    torch.testing.assert_close(found, torch.from_numpy(want.predict_proba(test.double().numpy())), rtol=0, atol=1e-6)
