"""A round is a small network fitted to what is left over; the loss never rises; all units are one network."""

import itertools
import math

import numpy as np
import pytest
import torch
from sklearn.neural_network import MLPRegressor

from pipeline.methods.boosting.gbnn import GBNN
from tests.kit.tables import fitted, network, numbers

FIVE = {"rounds": 5, "units": 2, "iterations": 30, "held_out": 0.0}


def test_each_round_is_a_network_fitted_to_what_is_left_over():
    training, test = numbers(), numbers(seed=6).inputs.double().numpy()
    rows, targets = training.inputs.double().numpy(), training.labels.double().numpy()
    method = fitted(GBNN, training, **FIVE, rate=0.3, subsample=0.5)
    stages = method.stages(torch.from_numpy(test).float())[:, :, 0]
    draws = np.random.RandomState(method.seed)
    total, tested = np.full(len(rows), targets.mean()), np.full(len(test), targets.mean())
    for stage in stages.numpy():
        part = draws.choice(len(rows), 30, replace=False)
        small = network(MLPRegressor, rows[part], (targets - total)[part], draws, 2, 30)
        total, tested = total + 0.3 * small.predict(rows), tested + 0.3 * small.predict(test)
        assert stage == pytest.approx(tested, abs=1e-5)


@pytest.mark.parametrize("rate", [1.0, 0.3])
def test_the_training_loss_never_rises_on_all_rows(rate):
    training = numbers(count=100)
    method = fitted(GBNN, training, rounds=15, rate=rate, subsample=1.0, held_out=0.0)
    losses = [float(method.score(stage, training.labels)) for stage in method.stages(training.inputs)]
    constant = float(training.labels.double().var(correction=0))
    assert all(later <= sooner + 1e-9 for sooner, later in itertools.pairwise([constant, *losses]))
    assert losses[-1] < 0.6 * constant


def test_all_units_are_one_network():
    """One sum over all units, weights and biases put together by hand."""
    training = numbers()
    method = fitted(GBNN, training, **FIVE)
    parts = method.network
    bias = float(method.base) + float(parts.shift.sum())
    for row, found in zip(training.inputs.double().tolist(), method.total(training.inputs).tolist(), strict=True):
        want = bias
        for inside, threshold, outside in zip(
            parts.inside.flatten(0, 1), parts.threshold.flatten(), parts.outside.flatten(0, 1), strict=True
        ):
            activation = sum(w * x for w, x in zip(inside.tolist(), row, strict=True)) + float(threshold)
            want += float(outside) / (1 + math.exp(-activation))
        assert found == pytest.approx([want], abs=1e-8)
