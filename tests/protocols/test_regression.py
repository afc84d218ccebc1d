"""Targets are standardised by the training set alone; what is measured is in their own unit."""

import dataclasses
import math

import pytest
import torch
from torch import nn

from pipeline.budget import TrainingBudget
from pipeline.errors import UserError
from pipeline.methods.regression import Regressor
from pipeline.modalities import Prepared, describe
from pipeline.modalities.sharing import share, taken
from pipeline.modalities.tables import run as tables
from pipeline.protocols import regression
from pipeline.protocols.regression import run
from pipeline.seeds import Draws
from pipeline.training.device import choose
from pipeline.training.job import Job

SETTINGS = {
    "held_out_classes": [],
    "train_examples": 40,
    "validation_examples": 10,
    "test_examples": None,
    "evaluate_on": "test",
    "augmentation": {},
    "batch_size": 10,
    "epochs": 1,
}


class FirstColumn(Regressor):
    """Predicts the standardised first column."""

    def predict(self, features):
        return features[:, 0]


class Unsure(FirstColumn):
    """And a deviation of a tenth of the training targets'."""

    def deviation(self, features):
        return torch.full((len(features),), 0.1)


def made(method=FirstColumn, **settings):
    """A job on 30 training, 10 validation and 15 test rows, and the table with its rows in the order of the shares."""
    draws = torch.Generator().manual_seed(2)
    rows = 3 + 2 * torch.randn(60, 2, generator=draws)
    labels = 500 + 100 * torch.randn(60, generator=draws)
    facts = ((3.0, 3.0), (2.0, 2.0), (), (2,), "")
    prepared = Prepared("", rows[:45], labels[:45], rows[45:], labels[45:], *facts)
    settings = {**SETTINGS, **settings}
    draws, device = Draws("study", 0), choose("fp32")
    data = share(prepared, settings, draws, device.torch)
    job = Job(settings, draws, method(), device, tables, data, lambda key: prepared)
    job.method.encoder = nn.Identity()
    train, test = torch.cat(taken(prepared, "train", 30, 10)), taken(prepared, "test", 15)[0]
    ordered = Prepared("", rows[:45][train], labels[:45][train], rows[45:][test], labels[45:][test], *facts)
    return run.prepare(job), ordered


def test_training_targets_have_mean_0_and_deviation_1_and_the_others_are_left():
    job, prepared = made()
    targets = job.data.train_labels.double()
    assert len(targets) == 30 and float(targets.mean()) == pytest.approx(0, abs=1e-6)
    assert float(targets.std(correction=0)) == pytest.approx(1, abs=1e-6)
    assert torch.equal(job.data.valid_labels, prepared.train_labels[30:40])
    assert torch.equal(job.data.test_labels, prepared.test_labels)
    other = job.load("")
    other = dataclasses.replace(other, test_labels=other.test_labels + 1e6)
    again = share(other, SETTINGS, job.draws, job.device.torch)
    again = run.prepare(dataclasses.replace(job, data=again))
    assert torch.equal(again.data.train_labels, job.data.train_labels)


def test_predictions_are_in_the_targets_own_unit():
    job, prepared = made()
    own = prepared.train_labels[:30].double()
    centre, scale = float(own.mean()), float(own.std(correction=0))
    found = run.Evidence(job)
    want = [centre + scale * (float(x) - 3) / 2 for x in prepared.test_inputs[:, 0]]
    assert found.predictions.tolist() == pytest.approx(want, rel=1e-6)
    assert torch.equal(found.targets, prepared.test_labels)


def test_one_deviation_for_all_is_the_error_on_validation_examples():
    job, prepared = made()
    found = run.Evidence(job)
    own = prepared.train_labels[:30].double()
    centre, scale = float(own.mean()), float(own.std(correction=0))
    rows, labels = prepared.train_inputs[30:40, 0].tolist(), prepared.train_labels[30:40].tolist()
    squares = [(centre + scale * (x - 3) / 2 - y) ** 2 for x, y in zip(rows, labels, strict=True)]
    assert found.deviations.tolist() == pytest.approx([math.sqrt(sum(squares) / 10)] * 15, rel=1e-5)
    assert run.Evidence(made(validation_examples=0)[0]).deviations is None
    assert set(run.Evidence(made(validation_examples=0)[0]).arrays()) == {"labels", "predictions"}


def test_a_predicted_deviation_is_in_the_targets_own_unit():
    job, prepared = made(Unsure)
    scale = float(prepared.train_labels[:30].double().std(correction=0))
    found = run.Evidence(job)
    assert found.deviations.tolist() == pytest.approx([0.1 * scale] * 15, rel=1e-6)
    assert found.arrays()["deviations"] is found.deviations


def test_classes_are_refused():
    budget = regression.Budget(epochs=1, batch_size=10, optimizer={"name": "sgd", "learning_rate": 0.1})
    assert isinstance(budget, TrainingBudget)
    budget.check(describe("diabetes"), "studies/x.yaml")
    with pytest.raises(UserError, match="data set 'vehicle' has classes as labels; the protocol needs numbers"):
        budget.check(describe("vehicle"), "studies/x.yaml")
