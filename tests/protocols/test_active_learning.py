"""Rounds of labelling: what is hidden, who is told what, what is the same for all methods, and what is measured."""

import dataclasses

import pytest
import torch

from pipeline import lookup, modalities, protocols
from pipeline.errors import UserError
from pipeline.methods.acquisition import Acquisition
from pipeline.methods.acquisition.core_set import CoreSet
from pipeline.methods.acquisition.margin_sampling import MarginSampling
from pipeline.methods.acquisition.passive import Passive
from pipeline.modalities.sharing import Data
from pipeline.modalities.tables.datasets.diabetes import DATASET as DIABETES
from pipeline.modalities.tables.datasets.vehicle import DATASET as VEHICLE
from pipeline.planning import check, code
from pipeline.planning.check import of_modality
from pipeline.protocols.active_learning import Budget
from pipeline.protocols.active_learning.run import Evidence, first_labels, prepare, spacings
from pipeline.seeds import Draws
from pipeline.training.device import choose
from pipeline.training.evidence import evaluate
from pipeline.training.job import Job
from tests.kit.tensors import all_tensors

FEW = {"rounds": 3, "bought": 4, "network": {"steps": 15}}


def data(count=60, tests=30, classes=3, seed=0):
    make = torch.Generator().manual_seed(seed)

    def part(count):
        labels = torch.arange(count) % classes
        return torch.randn(count, 4, generator=make) + 2 * torch.eye(classes, 4)[labels], labels

    (rows, labels), (test_rows, test_labels) = part(count), part(tests)
    return Data(
        *(rows, labels, labels, rows[:0], labels[:0], test_rows, test_labels, rows[:0], rows, labels, rows[:0]),
        class_names=tuple("abc"[:classes]),
        mean=(0.0,) * 4,
        std=(1.0,) * 4,
    )


def job(method, seed=0, of=None, **budget):
    schema = of_modality(protocols.named("active_learning").Budget, "tables")
    values = schema.model_validate({**FEW, **budget}).model_dump(mode="json", exclude={"seeds"})
    tables = lookup.module("modalities.tables.run")
    made = Job(values, Draws("study", seed), method, choose("fp32"), tables, of or data(), load=modalities.load)
    return prepare(made)


def evidence(method=None, seed=0, of=None, **budget):
    return Evidence(job(method or Passive(), seed, of, **budget))


class Peeking(Acquisition):
    """Keeps all that it is handed, and buys what it takes for class 0."""

    paper = ""

    def choose(self, pool, count, generator):
        self.handed = [*getattr(self, "handed", []), pool]
        return pool.unlabelled[pool.labels[pool.unlabelled].argsort(stable=True)[:count]]


def test_a_method_that_peeks_sees_labels_that_were_bought_and_no_other():
    made, whole = evidence(Peeking()), data()
    assert len(made.round_labels) == 4
    pools = made.job.method.handed
    assert len(pools) == 3
    for turn, pool in enumerate(pools):
        assert pool.labelled.sum() == 6 + 4 * turn
        assert (pool.labels[~pool.labelled] == -1).all()
        assert torch.equal(pool.labels[pool.labelled], whole.train_labels[pool.labelled])
        # what it takes for class 0 are merely the first rows
        assert torch.equal(made._course.order[4 * turn :][:4], pool.unlabelled[:4])
    secret = whole.train_labels
    assert not any(torch.equal(each, secret) for pool in pools for each in all_tensors(pool))


def test_the_job_of_a_method_has_no_labels():
    made = job(Passive())
    for name in ("train_labels", "true_labels", "labelled_labels"):
        assert (getattr(made.data, name) == -1).all()
    assert torch.equal(made.data.hidden["labels"], data().train_labels)


def test_labels_that_are_not_bought_change_nothing():
    first = evidence(MarginSampling())
    bought = first._course.order
    start = first_labels(data().train_labels, 2, Draws("study", 0).generator("first labels"))
    # among rows of one class, which the draw of the first labels cannot tell apart
    rest = torch.ones(60, dtype=torch.bool)
    rest[bought], rest[start] = False, False
    labels = data().train_labels.clone()
    order = torch.randperm(60, generator=Draws("study", 0).generator("first labels"))
    last = max(order.tolist().index(place) for place in start.nonzero().flatten().tolist())
    late = torch.tensor([place for place in order[last + 1 :].tolist() if rest[place]])
    labels[late] = (labels[late] + 1) % 3
    other = evidence(MarginSampling(), of=dataclasses.replace(data(), train_labels=labels))
    assert len(late) > 10 and torch.equal(other.round_predictions, first.round_predictions)


def test_methods_begin_alike_and_seeds_do_not():
    passive, margin, cover = (evidence(cls()) for cls in (Passive, MarginSampling, CoreSet))
    assert torch.equal(passive.round_predictions[0], margin.round_predictions[0])
    assert torch.equal(passive.round_predictions[0], cover.round_predictions[0])
    assert not torch.equal(passive._course.order, margin._course.order)
    assert not torch.equal(passive._course.order, evidence(Passive(), seed=1)._course.order)
    again = evidence(MarginSampling())
    assert torch.equal(again.round_predictions, margin.round_predictions)
    assert torch.equal(again._course.order, margin._course.order)


@pytest.mark.parametrize("learner", ["network", "logistic"])
def test_the_learner_is_fitted_anew_to_what_was_bought(learner):
    made = evidence(MarginSampling(), learner=learner)
    whole = data()
    labelled = first_labels(whole.train_labels, 2, Draws("study", 0).generator("first labels"))
    assert made.round_labels.tolist() == [6, 10, 14, 18]
    for turn in range(4):
        learned = made._fitted(whole.train_inputs[labelled], whole.train_labels[labelled], turn)
        assert torch.equal(learned.logits(whole.test_inputs).argmax(1), made.round_predictions[turn])
        if turn < 3:
            margins = learned.probabilities(whole.train_inputs).sort(1).values
            margins = (margins[:, -1] - margins[:, -2]).masked_fill(labelled, 2.0)
            chosen = margins.argsort(stable=True)[:4]
            assert torch.equal(made._course.order[4 * turn :][:4], chosen)
            torch.testing.assert_close(made.bought_margins[4 * turn :][:4], margins[chosen])
            labelled = labelled.clone()
            labelled[chosen] = True
    assert torch.equal(made.predictions, made.round_predictions[-1])


@pytest.mark.parametrize("learner", ["network", "logistic"])
def test_by_a_boundary_of_all_labels_it_is_chosen_but_not_judged(learner):
    made = evidence(MarginSampling(), learner=learner, boundary="all_labels", rounds=1)
    whole = data()
    labelled = first_labels(whole.train_labels, 2, Draws("study", 0).generator("first labels"))
    knowing = made._fitted(whole.train_inputs, whole.train_labels, 0)
    margins = knowing.probabilities(whole.train_inputs).sort(1).values
    margins = (margins[:, -1] - margins[:, -2]).masked_fill(labelled, 2.0)
    chosen = margins.argsort(stable=True)[:4]
    assert torch.equal(made._course.order, chosen)
    for turn, known in enumerate((labelled, labelled.index_fill(0, chosen, True))):
        learned = made._fitted(whole.train_inputs[known], whole.train_labels[known], turn)
        assert torch.equal(learned.logits(whole.test_inputs).argmax(1), made.round_predictions[turn])
    assert not torch.equal(made._course.order, evidence(MarginSampling(), learner=learner, rounds=1)._course.order)


def test_labels_bought_at_random_are_the_same_by_either_boundary():
    own, knowing = (evidence(Passive(), boundary=boundary) for boundary in ("own", "all_labels"))
    assert torch.equal(own.round_predictions, knowing.round_predictions)


def test_all_labels_are_a_pool_without_rounds():
    made = evidence(first_labels=None, rounds=0)
    found = evaluate(made, ["top1", "aulc", "bought_top1", "bought_margin", "bought_spacing"])
    assert made.round_labels.tolist() == [60] and found.metrics["bought_top1_60"] == found.metrics["top1"]
    assert set(found.absent) == {"aulc", "bought_margin", "bought_spacing"}
    assert evidence().round_predictions.shape == (4, 30)


def test_what_a_run_keeps():
    made = evidence(MarginSampling())
    found = evaluate(made, ["top1", "aulc"])
    assert found.data == {"labels": 18} and len(found.arrays["bought"].unique()) == 12
    right = (made.round_predictions == data().test_labels).double().mean(1) * 100
    assert found.metrics["aulc"] == pytest.approx(((right[1:] + right[:-1]) / 2).mean().item())


class Wrong(Acquisition):
    """Buys what it must not."""

    paper = ""

    def __init__(self, places):
        super().__init__()
        self.places = places

    def choose(self, pool, count, generator):
        free = pool.unlabelled
        known = pool.labelled.nonzero().flatten()
        return {"few": free[:3], "twice": free[[0, 0, 1, 2]], "known": known[:4]}[self.places]


@pytest.mark.parametrize("places", ["few", "twice", "known"])
def test_what_cannot_be_bought(places):
    with pytest.raises(UserError, match="must choose 4 different rows that have no label yet"):
        evaluate(evidence(Wrong(places)), ["top1"])


def test_the_first_labels_are_as_many_of_each_class():
    labels, times = torch.tensor([0, 1] * 4), torch.zeros(8)
    for seed in range(300):
        chosen = first_labels(labels, 1, torch.Generator().manual_seed(seed))
        assert chosen.sum() == 2 and chosen[::2].sum() == 1
        times += chosen
    assert (times - 75).abs().max() < 30
    with pytest.raises(UserError, match="first_labels: 5 a class, but class 0 has 4 rows"):
        first_labels(labels, 5, torch.Generator())


def test_spacings():
    rows = torch.tensor([[0.0, 0.0], [3.0, 4.0], [3.0, 5.0], [9.0, 9.0]])
    squares = [float((a - b).square().sum()) for a in rows for b in rows]
    unit = (sum(squares) / 16) ** 0.5
    assert spacings(rows, torch.tensor([0, 1, 2])).tolist() == pytest.approx([5 / unit, 1 / unit, 1 / unit])
    assert spacings(rows, torch.tensor([2])).tolist() == [1.0]


def test_what_a_study_may_ask_for():
    Budget.model_validate({}).check(VEHICLE, "s.yaml")
    for budget, described, message in (
        ({"rounds": 60}, VEHICLE, "s.yaml: rounds = 60: 608 labels with the first ones, but the pool has 560 rows"),
        ({"first_labels": None}, VEHICLE, "rounds = 20: 760 labels with the first ones, but the pool has 560 rows"),
        ({"train_examples": 100}, VEHICLE, "208 labels"),
        ({"imbalance": 10.0}, VEHICLE, "imbalance = 10: the pool is the whole training split; take it out"),
        ({}, DIABETES, "has numbers as labels; the protocol needs classes"),
    ):
        with pytest.raises(UserError, match=message):
            Budget.model_validate(budget).check(described, "s.yaml")


def test_disagreement_needs_a_learner_that_draws():
    check.requirements(code.method("bald"), {"learner": "network"}, "s.yaml")
    with pytest.raises(UserError, match="method 'bald' requires learner == 'network'"):
        check.requirements(code.method("bald"), {"learner": "logistic"}, "s.yaml")
