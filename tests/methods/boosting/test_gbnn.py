"""A round is a small network fitted to residuals; residuals and steps by differences of the loss; half of the units."""

import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from pipeline.methods.boosting.gbnn import GBNN
from pipeline.methods.boosting.gbnn_classifier import GBNNClassifier
from pipeline.methods.boosting.gbnn_half import GBNNHalf
from pipeline.methods.boosting.joint_network import JointNetwork
from pipeline.methods.boosting.joint_network_classifier import JointNetworkClassifier
from pipeline.methods.boosting.joint_network_half import JointNetworkHalf
from tests.kit.tables import classes, fitted, numbers

FIVE = {"rounds": 5, "units": 2, "iterations": 30, "held_out": 0.0}


def network(make, rows, targets, draws, units=2, iterations=30):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return make(
            hidden_layer_sizes=(units,),
            activation="logistic",
            solver="lbfgs",
            tol=0.0,
            max_iter=iterations,
            random_state=draws,
        ).fit(rows, targets)


def test_each_round_is_a_network_fitted_to_what_is_left_over():
    training, test = numbers(), numbers(seed=6).inputs.double().numpy()
    rows, targets = training.inputs.double().numpy(), training.labels.double().numpy()
    method = fitted(GBNN, training, **FIVE, rate=0.3, subsample=0.5)
    stages = method.stages(torch.from_numpy(test).float())[:, :, 0]
    draws = np.random.RandomState(method.seed)
    total, tested = np.full(len(rows), targets.mean()), np.full(len(test), targets.mean())
    for stage in stages.numpy():
        part = draws.choice(len(rows), 30, replace=False)
        small = network(MLPRegressor, rows[part], (targets - total)[part], draws)
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


def loss(total, labels):
    """Of F (N, C), C = 1 for two classes, summed over rows."""
    if total.shape[1] == 1:
        y = 2.0 * labels.double()[:, None] - 1
        return torch.log1p(torch.exp(-2 * y * total)).sum()
    return torch.nn.functional.cross_entropy(total, labels, reduction="sum")


@pytest.mark.parametrize("number", [2, 4])
def test_residuals_and_step_of_classes(number):
    """r is minus the slope of the loss; the step is minus first over second derivative along f."""
    training = classes(number)
    method = fitted(GBNNClassifier, training, number, rounds=1, held_out=0.0)
    draws, width = torch.Generator().manual_seed(5), 1e-4
    shape = (60, 1 if number == 2 else number)
    total, along = (torch.randn(shape, generator=draws, dtype=torch.float64) for _ in range(2))
    residuals = method.residuals(total, training.labels)
    differentiable = total.clone().requires_grad_()
    (slope,) = torch.autograd.grad(loss(differentiable, training.labels), differentiable)
    torch.testing.assert_close(residuals, -slope)
    at = [float(loss(total + step * along, training.labels)) for step in (-width, 0.0, width)]
    first = (at[2] - at[0]) / (2 * width)
    if number == 2:
        second = (at[2] - 2 * at[1] + at[0]) / width**2
    else:  # the authors' leaves out what two classes of a row have in common
        p = total.softmax(1)
        second = float((along**2 * p * (1 - p)).sum())
    assert method.newton(total, residuals, along, training.labels) == pytest.approx(-first / second, rel=1e-4)


@pytest.mark.parametrize("number", [2, 3])
def test_classes_begin_with_their_shares_or_alike(number):
    training = classes(number)
    method = fitted(GBNNClassifier, training, number, rounds=1, held_out=0.0)
    shares = training.labels.bincount().double() / 60
    want = shares if number == 2 else torch.full((3,), 1 / 3, dtype=torch.float64)
    torch.testing.assert_close(method.base.softmax(0), want)


def test_half_of_the_units_are_the_first():
    training = numbers()
    whole, half = (fitted(cls, training, **FIVE) for cls in (GBNN, GBNNHalf))
    assert all(torch.equal(a, b) for a, b in zip(whole.state_dict().values(), half.state_dict().values(), strict=True))
    assert torch.equal(half.predict(training.inputs), whole.stages(training.inputs)[2, :, 0].float())


JOINT = {"units": 6, "iterations": 20}


def test_the_network_fitted_as_a_whole_is_scikit_learns():
    training, test = numbers(), numbers(seed=6).inputs
    rows, targets = training.inputs.double().numpy(), training.labels.double().numpy()
    method = fitted(JointNetwork, training, **JOINT, held_out=0.0)
    want = network(MLPRegressor, rows, targets, np.random.RandomState(method.seed), **JOINT)
    assert method.predict(test).tolist() == pytest.approx(want.predict(test.double().numpy()).tolist(), abs=1e-6)
    (inside, outside), (threshold, shift) = want.coefs_, want.intercepts_
    half = fitted(JointNetworkHalf, training, **JOINT, held_out=0.0).predict(test)
    kept = slice(None, None, 2)
    units = 1 / (1 + np.exp(-(test.double().numpy() @ inside[:, kept] + threshold[kept])))
    assert half.tolist() == pytest.approx((units @ outside[kept] + shift)[:, 0].tolist(), abs=1e-6)


@pytest.mark.parametrize("number", [2, 3])
def test_the_classifying_network_is_scikit_learns(number):
    training, test = classes(number), classes(number, seed=6).inputs
    method = fitted(JointNetworkClassifier, training, number, **JOINT, held_out=0.0)
    rows = training.inputs.double().numpy()
    want = network(MLPClassifier, rows, training.labels.numpy(), np.random.RandomState(method.seed), **JOINT)
    found = method.logits(test).softmax(1).double()
    torch.testing.assert_close(found, torch.from_numpy(want.predict_proba(test.double().numpy())), rtol=0, atol=1e-6)


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
