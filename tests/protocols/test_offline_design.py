"""Designs that a search ends at are scored by the function itself, between the worst known and the best there is."""

import pytest
import torch
from torch import nn

from pipeline import modalities
from pipeline.errors import UserError
from pipeline.methods.surrogate import Surrogate
from pipeline.methods.surrogate.best_of_set import BestOfSet
from pipeline.modalities import Prepared, describe
from pipeline.modalities.sharing import share
from pipeline.modalities.tables import moments
from pipeline.modalities.tables import run as tables
from pipeline.modalities.tables.datasets import random_binding, styblinski_tang
from pipeline.protocols import offline_design
from pipeline.protocols.offline_design import run
from pipeline.seeds import Draws
from pipeline.training.device import choose
from pipeline.training.job import Job

SEARCH = {"designs": 6, "steps": 4, "rate": 0.01, "looks": 2}
SETTINGS = {
    "held_out_classes": [],
    "train_examples": 60,
    "validation_examples": 20,
    "test_examples": 30,
    "evaluate_on": "test",
    "augmentation": {},
    "search": SEARCH,
}


@pytest.fixture(autouse=True)
def without_gradients():
    """As evaluation is."""
    with torch.no_grad():
        yield


class Drift(Surrogate):
    """Takes the first column for the value, and moves every column up by half a deviation a step."""

    def build(self, context=None):
        self.weight = nn.Parameter(torch.tensor([2.0, -3.0]))

    def score(self, designs):
        return self.weight[0] * designs[:, 0] + self.weight[1]

    def search(self, starts, steps, rate, draws):
        return [starts + step / 2 for step in range(steps + 1)]


def made(module=styblinski_tang, method=Drift, **settings):
    """A job on 40 training and 20 validation designs."""
    about, arrays = module.DATASET, module.arrays(None)
    arrays = {name: array[:100] for name, array in arrays.items()}
    facts = map(tuple, moments.moments(arrays["train_rows"]))
    tensors = {name.replace("rows", "inputs"): torch.from_numpy(array) for name, array in arrays.items()}
    mean, std = facts
    prepared = Prepared(about.key, **tensors, mean=mean, std=std, classes=(), shape=about.shape, digest="")
    settings, draws = {**SETTINGS, "dataset": about.key, **settings}, Draws("study", 0)
    device = choose("fp32")
    data = share(prepared, settings, draws, device.torch)
    job = run.prepare(Job(settings, draws, method(), device, tables, data, modalities.load))
    if method is Drift:
        job.method.build()
    known = torch.cat([data.train_inputs, data.valid_inputs]), torch.cat([data.train_labels, data.valid_labels])
    return job, *known


def test_a_share_lies_between_the_worst_known_design_and_the_best_there_is():
    job, _, values = made(method=BestOfSet)
    found = run.Evidence(job)
    low, high = float(values.min()), styblinski_tang.DATASET.best
    want = sorted(((float(value) - low) / (high - low) for value in values), reverse=True)[:6]
    assert sorted(found.design_scores.tolist(), reverse=True) == pytest.approx(want, abs=1e-6)
    assert found._share(torch.tensor([low, high], dtype=torch.float64)).tolist() == pytest.approx([0, 1], abs=1e-6)


def test_the_floor_predicts_nothing():
    found = run.Evidence(made(method=BestOfSet)[0])
    assert found.design_predictions is None and found.prediction_gradient is None
    assert found.design_course.keys() == {0, 50, 100} and {p for _, p in found.design_course.values()} == {None}
    assert found.arrays().keys() == {"labels", "design_scores"}


def test_designs_are_scored_where_the_search_ends_and_within_the_box():
    job, rows, values = made()
    found = run.Evidence(job)
    std, low, high = torch.tensor(job.data.std), float(values.min()), styblinski_tang.DATASET.best
    for percent, steps in ((50, 2), (100, 4)):
        starts = rows[values.topk(6).indices]
        designs = (starts + steps / 2 * std).clamp(-5, 5).double()
        assert (designs == 5).any() and (designs < 5).any()
        true = (torch.from_numpy(styblinski_tang.value(designs.numpy())) - low) / (high - low)
        assert found.design_course[percent][0] == pytest.approx(float(true.mean()), abs=1e-5)
    torch.testing.assert_close(found.design_scores, true, atol=1e-5, rtol=1e-5)


def test_predictions_are_of_the_designs_that_are_scored_in_the_same_share():
    job, rows, values = made()
    train = job.data.hidden
    designs = (rows[values.topk(6).indices] + 2 * torch.tensor(job.data.std)).clamp(-5, 5)
    score = 2 * (designs[:, 0].double() - job.data.mean[0]) / job.data.std[0] - 3
    low, high = float(values.min()), styblinski_tang.DATASET.best
    want = (train["centre"] + train["scale"] * score - low) / (high - low)
    torch.testing.assert_close(run.Evidence(job).design_predictions, want, atol=1e-5, rtol=1e-5)


def test_slopes_are_of_the_mean_over_unseen_designs():
    job, *_ = made()
    views = torch.cat(list(job.views.plain(job.data.test_inputs)))
    torch.testing.assert_close(run.Evidence(job).prediction_gradient, torch.tensor([float(views[:, 0].mean()), 1.0]))


def test_sequences_come_out_as_sequences():
    job, rows, values = made(random_binding)
    moved = rows[values.topk(6).indices] + 2 * torch.tensor(job.data.std)
    letters = moved.view(6, 8, 4).argmax(2)
    sequences = torch.eye(4)[letters].view(6, 32).double()
    true = torch.from_numpy(random_binding.value(sequences.numpy()))
    low, high = float(values.min()), random_binding.DATASET.best
    torch.testing.assert_close(run.Evidence(job).design_scores, (true - low) / (high - low), atol=1e-5, rtol=1e-5)


def test_a_table_without_a_function_is_refused_and_so_are_too_many_designs():
    budget = {"epochs": 1, "batch_size": 10, "optimizer": {"name": "adamw", "learning_rate": 0.1}}
    offline_design.Budget(**budget).check(describe("ackley"), "studies/x.yaml")
    with pytest.raises(UserError, match="'abalone' has no function by which new designs can be scored"):
        offline_design.Budget(**budget).check(describe("abalone"), "studies/x.yaml")
    with pytest.raises(UserError, match=r"search\.designs = 128: must be at most the 100 known ones"):
        offline_design.Budget(**budget, train_examples=100).check(describe("ackley"), "studies/x.yaml")
