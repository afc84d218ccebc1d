"""Domains and targets: who is a candidate, who is tested, and that no test example can be reached."""

import dataclasses

import pytest
import torch

from pipeline import metrics
from pipeline.errors import UserError
from pipeline.methods.selection.random_subset import RandomSubset
from pipeline.methods.targeted.mean_influence import MeanInfluence
from pipeline.methods.targeted.tarot import Tarot
from pipeline.modalities.images.datasets.fashion_mnist_domains import DATASET
from pipeline.protocols.targeted import Budget
from pipeline.protocols.targeted.run import Evidence, phases, prepare
from pipeline.training import checkpoint, loop
from tests.kit import jobs

BUDGET = {"domains": 4, "target": {"domains": [1, 2], "examples": 10}, "epochs": 4}
FEW = {"train_examples": 200, "batch_size": 50}
METHODS = [RandomSubset, MeanInfluence, Tarot]


def data(**changes):
    """Four domains of two classes: labels 0 to 7 in turn."""
    return dataclasses.replace(jobs.data(train=80, valid=16, test=24, classes=8), **changes)


def job(cls=RandomSubset, seed=0, of=None, share=0.25, **budget):
    return prepare(jobs.job(cls(share=share), "targeted", of or data(), seed, **{**BUDGET, **budget}))


def fitted(made, folder):
    loop.fit(made, phases(made), checkpoint.Kept(folder / "state", "test"), 1e9, lambda row: None)
    return made


def rows(images):
    return {bytes(image.flatten().tolist()) for image in images}


def test_targets_are_training_examples_of_their_domains_and_no_candidates():
    made, whole = job().data, data()
    assert len(made.train_inputs) == 80 and made.class_names == ("a", "b")
    target = made.streams["target"]
    assert torch.equal(target, made.train_inputs[70:]) and len(target) == 10
    assert set(made.hidden["domains"][70:].tolist()) == {1, 2}
    assert rows(made.train_inputs) == rows(whole.train_inputs) and not rows(target) & rows(made.train_inputs[:70])
    pairs = zip(whole.train_inputs, whole.train_labels, strict=True)
    known = {bytes(image.flatten().tolist()): label for image, label in pairs}
    for image, label, domain in zip(made.train_inputs, made.train_labels, made.hidden["domains"], strict=True):
        assert known[bytes(image.flatten().tolist())] == 2 * domain + label


def test_test_and_validation_examples_are_of_the_targets_domains_alone():
    made, whole = job().data, data()
    for split in ("test", "valid"):
        inputs, labels = getattr(whole, f"{split}_inputs"), getattr(whole, f"{split}_labels")
        those = (labels // 2 == 1) | (labels // 2 == 2)
        assert torch.equal(getattr(made, f"{split}_inputs"), inputs[those])
        assert torch.equal(getattr(made, f"{split}_labels"), labels[those] % 2)


@pytest.mark.parametrize("cls", METHODS)
def test_what_is_tested_on_cannot_be_reached(cls, tmp_path):
    """With other test and validation examples all weights and choices are the same bytes."""
    whole = data()
    spoilt = {name: torch.zeros_like(getattr(whole, name)) for name in ("test_inputs", "valid_inputs")}
    labels = {name: torch.full_like(getattr(whole, name), 2) for name in ("test_labels", "valid_labels")}
    first = fitted(job(cls), tmp_path / "a").method
    other = fitted(job(cls, of=data(**spoilt, **labels)), tmp_path / "b").method
    for name, value in first.state_dict().items():
        assert torch.equal(value, other.state_dict()[name]), name
    made = job(cls).data
    assert not rows(made.test_inputs) & rows(made.train_inputs)


@pytest.mark.parametrize("cls", METHODS)
def test_the_targets_are_not_trained_on(cls, tmp_path):
    made = fitted(job(cls, share=1.0), tmp_path)
    assert made.method.chosen.tolist() == [True] * 70 + [False] * 10
    seen = []
    again = job(cls, share=1.0)
    step = again.method.step
    again.method.step = lambda batch, *rest: (seen.append(batch.indices), step(batch, *rest))[1]
    fitted(again, tmp_path / "again")
    assert torch.cat(seen).max() == 69


def test_targets_are_drawn_per_seed_and_not_per_method():
    first, same, other = job(), job(Tarot), job(seed=1)
    assert torch.equal(first.data.train_inputs, same.data.train_inputs)
    assert not torch.equal(first.data.streams["target"], other.data.streams["target"])


def test_an_epoch_has_the_steps_of_the_candidates():
    assert [phase.steps for phase in phases(job())] == [7, 7]
    assert [phase.steps for phase in phases(job(target={"domains": [1, 2], "examples": 21}))] == [5, 5]


def test_evidence(tmp_path):
    made = fitted(job(share=0.5), tmp_path)
    evidence = Evidence(made)
    assert torch.equal(evidence.kept_domains, made.data.hidden["domains"][made.method.chosen])
    assert len(evidence.kept_domains) == 35 and evidence.target_domains == [1, 2] and evidence.target_count == 10
    assert torch.equal(evidence.target_pixels, evidence.train_pixels[70:])
    found = metrics.measure(evidence, ["top1", "on_target", "target_distance", "kept_share"]).values
    assert found["kept_share"] == 50.0 and found.keys() >= {"top1", "on_target_fewest", "target_distance"}


def check(**budget):
    optimizer = {"name": "sgd", "learning_rate": 0.05}
    Budget.model_validate({"optimizer": optimizer, **BUDGET, **budget}).check(DATASET, "s.yaml")


def test_what_a_study_may_ask_for():
    check()
    assert Budget.model_validate({"optimizer": {"name": "sgd", "learning_rate": 0.1}, **BUDGET}).streams() == (
        "target",
    )
    for budget, message in (
        ({"domains": 3}, "domains = 3: 'fashion_mnist_domains' has 40 classes"),
        ({"target": {"domains": [4], "examples": 10}}, "there are domains 0 to 3"),
        (
            {"target": {"domains": [1], "examples": 50}, "train_examples": 200, "batch_size": 50},
            "must be fewer than the 50 there are",
        ),
        ({"label_noise": {"rate": 0.2}}, "take it out"),
        ({"imbalance": 10.0}, "take it out"),
        ({"held_out_classes": [3]}, "take it out"),
    ):
        with pytest.raises(UserError, match=message):
            check(**budget)
