"""Every other unit of a network that is otherwise the same."""

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from pipeline.methods.boosting.joint_network_half import JointNetworkHalf
from tests.kit.tables import fitted, network, numbers

JOINT = {"units": 6, "iterations": 20}


def test_every_other_unit_is_left_out():
    training, test = numbers(), numbers(seed=6).inputs.double().numpy()
    rows, targets = training.inputs.double().numpy(), training.labels.double().numpy()
    method = fitted(JointNetworkHalf, training, **JOINT, held_out=0.0)
    whole = network(MLPRegressor, rows, targets, np.random.RandomState(method.seed), **JOINT)
    (inside, outside), (threshold, shift) = whole.coefs_, whole.intercepts_
    units = 1 / (1 + np.exp(-(test @ inside[:, ::2] + threshold[::2])))
    want = (units @ outside[::2] + shift)[:, 0]
    assert method.predict(numbers(seed=6).inputs).tolist() == pytest.approx(want.tolist(), abs=1e-6)
