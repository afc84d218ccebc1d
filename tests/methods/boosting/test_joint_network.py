"""scikit-learn's network; its steps are chosen on rows held out."""

import numpy as np
import pytest
from sklearn.neural_network import MLPRegressor

from pipeline.methods.boosting.joint_network import JointNetwork
from tests.kit.tables import fitted, network, numbers

JOINT = {"units": 6, "iterations": 20}


def test_the_network_fitted_as_a_whole_is_scikit_learns():
    training, test = numbers(), numbers(seed=6).inputs
    rows, targets = training.inputs.double().numpy(), training.labels.double().numpy()
    method = fitted(JointNetwork, training, **JOINT, held_out=0.0)
    want = network(MLPRegressor, rows, targets, np.random.RandomState(method.seed), **JOINT)
    assert method.predict(test).tolist() == pytest.approx(want.predict(test.double().numpy()).tolist(), abs=1e-6)


def test_its_steps_are_those_that_did_best_on_rows_held_out():
    training = numbers(count=40)
    tried = []

    class Watched(JointNetwork):
        def fit(self, rows, labels, rounds):
            tried.append((len(rows), self.iterations))
            super().fit(rows, labels, rounds)

    fitted(Watched, training, units=30, iterations=64)
    assert tried[:-1] == [(32, 64), (32, 32), (32, 16), (32, 8), (32, 4), (32, 2)]
    assert tried[-1][0] == 40 and tried[-1][1] in (2, 4, 8, 16, 32)
