"""What holds of all: the rounds are those that did best on rows held out, the sum is one, what is kept predicts."""

import dataclasses

import pytest
import torch

from pipeline.methods.boosting import JointUnits
from pipeline.methods.classifier import Classifier
from pipeline.methods.regression import Regressor
from tests.kit.methods import made, members
from tests.kit.tables import TABLE, classes, fitted, numbers

FAMILY = members("boosting")
GROWING = [cls for cls in FAMILY if not issubclass(cls, JointUnits)]
FEW = 6


def settings(cls):
    return {"units": 3, "iterations": 20} if issubclass(cls, JointUnits) else {"rounds": FEW}


def data(cls, seed=3):
    return (classes(seed=seed), 3) if issubclass(cls, Classifier) else (numbers(seed=seed), 0)


def answer(method, rows):
    return method.logits(method.encoder(rows)) if isinstance(method, Classifier) else method.predict(rows)


@pytest.mark.parametrize("cls", FAMILY)
def test_what_is_kept_predicts(cls):
    training, number = data(cls)
    method = fitted(cls, training, number, **settings(cls))
    fresh = made(cls, context=dataclasses.replace(TABLE, num_classes=number, seed=99), **settings(cls)).eval()
    fresh.load_state_dict(method.state_dict())
    rows, _ = data(cls, seed=4)
    found = answer(method, rows.inputs)
    assert found.dtype == torch.float32 and torch.equal(answer(fresh, rows.inputs), found)
    assert found.std() > 0.01
    assert not list(method.parameters()), "nothing is left of the study's encoder"


@pytest.mark.parametrize("cls", FAMILY)
def test_the_same_seeds_give_the_same_method_and_it_beats_a_constant(cls):
    training, number = data(cls)
    once, again = (fitted(cls, training, number, **settings(cls)) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(once.state_dict().values(), again.state_dict().values(), strict=True))
    losses = once.score(once.total(training.inputs), training.labels)
    constant = once.base.expand(len(training.labels), -1)
    assert losses < once.score(constant, training.labels)


@pytest.mark.parametrize("cls", GROWING)
def test_the_sum_is_of_its_rounds(cls):
    training, number = data(cls)
    method = fitted(cls, training, number, **settings(cls), held_out=0.0)
    stages = method.stages(training.inputs)
    assert len(stages) == int(method.used) == FEW
    torch.testing.assert_close(stages[-1], method.total(training.inputs), rtol=0, atol=1e-8)
    first = method.contributions(training.inputs)[0]
    torch.testing.assert_close(stages[0], method.base + first, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cls", GROWING)
def test_rounds_are_chosen_on_rows_that_were_not_fitted_to(cls):
    """Labels of the rows held out decide how many rounds there are, and nothing else before the last fit."""
    training, number = data(cls)
    fits = []

    class Watched(cls):
        def fit(self, rows, labels, rounds):
            fits.append((rows, labels, rounds))
            super().fit(rows, labels, rounds)

    method = fitted(Watched, training, number, **settings(cls), held_out=0.25)
    (kept, labels, rounds), (rows, everything, chosen) = fits
    assert (len(kept), rounds) == (45, FEW)
    assert torch.equal(rows, training.inputs) and torch.equal(everything, training.labels)
    held = [i for i, row in enumerate(rows) if not (kept == row).all(1).any()]
    assert len(held) == 15
    alone = fitted(cls, training, number, **settings(cls))
    alone.fit(kept, labels, rounds)
    losses = [float(method.score(stage, training.labels[held])) for stage in alone.stages(rows[held])]
    assert chosen == int(method.used) == 1 + losses.index(min(losses))


@pytest.mark.parametrize("cls", [cls for cls in FAMILY if issubclass(cls, Regressor)])
def test_a_deviation_is_predicted_where_the_method_has_one(cls):
    training, number = data(cls)
    method = fitted(cls, training, number, **settings(cls))
    found = method.deviation(training.inputs)
    assert found is None or (found.shape == training.labels.shape and (found > 0).all())
