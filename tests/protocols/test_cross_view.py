"""Pairs of views: what is paired with what, that tested classes are hidden, and what is looked up in what."""

import dataclasses

import pytest
import torch

from pipeline import metrics
from pipeline.errors import UserError
from pipeline.methods.embedding.info_nce_cross import InfoNCECross
from pipeline.methods.embedding.sample4geo import Sample4Geo
from pipeline.methods.embedding.triplet_hard import TripletHard
from pipeline.modalities import Annotated as Described
from pipeline.modalities import Further, Prepared, sharing
from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET
from pipeline.protocols.cross_view import Budget
from pipeline.protocols.cross_view.run import QUERY, REFERENCE, Evidence, paired, phases, prepare
from pipeline.training import checkpoint, loop
from tests.kit import jobs
from tests.protocols.test_metric_learning import CLASSES, SPLIT, Annotated, classes_of, places_of, source


def viewed():
    """Twelve classes; image i of a split is of domain i div 12 mod 3."""
    plain = {field.name: getattr(source(), field.name) for field in dataclasses.fields(Prepared)}
    counts = {"train": 240, "test": 96}
    further = {f"{split}_domains": (torch.arange(count) // CLASSES % 3).byte() for split, count in counts.items()}
    return Annotated(**plain, further=further)


def job(cls=InfoNCECross, prepared=None, settings=None, seed=0, **budget):
    prepared = prepared or viewed()
    budget = {"classes": SPLIT, "batch_size": 8, "queries": 0, "references": 2, **budget}
    made = jobs.job(cls(**(settings or {})), "cross_view", None, seed, dataset="twelve", **budget)
    data = sharing.share(prepared, made.settings, made.draws, torch.device("cpu"))
    return prepare(dataclasses.replace(made, data=data, load=lambda key: prepared))


def fitted(made, folder):
    loop.fit(made, phases(made), checkpoint.Kept(folder / "state", "test"), 1e9, lambda row: None)
    return made


def domain_of(images):
    return places_of(images)[0] // CLASSES % 3


def test_pairs_are_of_one_class_and_two_views():
    made = job().data
    queries, references = made.train_inputs[::2], made.train_inputs[1::2]
    # 20 images of a class: seven of the first view, six of the last
    assert len(queries) == len(references) == 6 * 6
    assert (domain_of(queries) == 0).all() and (domain_of(references) == 2).all()
    assert torch.equal(classes_of(queries), classes_of(references))
    assert len(places_of(queries)[0].unique()) == len(places_of(references)[0].unique()) == 36
    assert torch.equal(made.train_labels[::2], made.train_labels[1::2])
    assert torch.equal(made.train_inputs, job(seed=1).data.train_inputs)


def test_labels_are_in_the_data_sets_order_and_tested_classes_are_others():
    made = job().data
    numbers = ["abcdefghijkl".index(name) for name in made.class_names]
    assert numbers == sorted(numbers) and torch.equal(
        torch.tensor(numbers)[made.train_labels], classes_of(made.train_inputs)
    )
    tested = made.hidden["classes"]
    assert not set(tested.tolist()) & set(numbers)
    assert torch.equal(tested[made.test_labels], classes_of(made.test_inputs))
    assert (places_of(made.test_inputs)[1] == 1).all()
    sides = made.hidden["views"]
    assert torch.equal(domain_of(made.test_inputs), torch.where(sides == QUERY, 0, 2))


def test_a_search_looks_at_no_test_image():
    made = job(evaluate_on="validation", validation_examples=48).data
    assert (places_of(made.test_inputs)[1] == 0).all()
    assert set(classes_of(made.test_inputs).tolist()) == set(made.hidden["classes"].tolist())
    assert len(made.hidden["classes"]) == 2 and not set(domain_of(made.test_inputs).tolist()) - {0, 2}
    # all that the two classes have in either view
    assert len(made.test_inputs) == 2 * 13


def test_classes_that_are_held_out_shift_nothing():
    made = job(held_out_classes=[0, 5], classes={**SPLIT, "train": 4}).data
    assert (domain_of(made.train_inputs[::2]) == 0).all() and (domain_of(made.train_inputs[1::2]) == 2).all()
    assert not {0, 5} & set(classes_of(torch.cat([made.train_inputs, made.test_inputs])).tolist())


def test_without_domains_a_classs_images_take_turns():
    made = job(prepared=source()).data
    assert len(made.train_inputs) == 120
    assert torch.equal(classes_of(made.train_inputs[::2]), classes_of(made.train_inputs[1::2]))
    assert len(places_of(made.train_inputs)[0].unique()) == 120


def test_pairing():
    sides, labels = torch.tensor([0, 1, 2, 0, 1, 0, 1, 1]), torch.tensor([1, 1, 1, 0, 1, 1, 2, 0])
    assert paired(sides, labels).tolist() == [[3, 7], [0, 1], [5, 4]]


@pytest.mark.parametrize("cls", [InfoNCECross, Sample4Geo, TripletHard])
def test_queries_are_looked_up_among_references(cls, tmp_path):
    settings = {Sample4Geo: {"neighbours": 3, "selected": 2, "period": 1}, TripletHard: {"images_per_class": 2}}
    made = fitted(job(cls, settings=settings.get(cls)), tmp_path)
    evidence, data = Evidence(made), made.data
    with torch.no_grad():
        values, examples, absent = metrics.measure(evidence, ["cross_recall_1", "cross_recall_5"])
        z = made.method.features((data.test_inputs.float() / 255 - 0.5) / 0.25).double()
    sides, right = data.hidden["views"], []
    for q in (sides == QUERY).nonzero().flatten().tolist():
        others = (sides == REFERENCE).nonzero().flatten().tolist()
        if cls is TripletHard:
            best = min(others, key=lambda r: float((z[q] - z[r]).norm()))
        else:
            best = max(others, key=lambda r: float(z[q] @ z[r] / z[r].norm()))
        right.append(100.0 * float(data.test_labels[best] == data.test_labels[q]))
    assert examples["cross_recall_1"].tolist() == right and not absent
    assert values["cross_recall_5"] >= values["cross_recall_1"] and 0 <= values["cross_recall_1_seen"] <= 100
    assert evidence.arrays()["row_images"].shape[0] == 4


def test_unseen_classes_change_no_weight(tmp_path):
    plain, spoilt = viewed(), viewed()
    known = torch.tensor(["abcdefghijkl".index(name) for name in job().data.class_names])
    spoilt.train_inputs[~torch.isin(spoilt.train_labels, known)] = 9
    spoilt.test_inputs.fill_(7)
    settings = {"neighbours": 3, "selected": 2, "period": 1}
    made = [fitted(job(Sample4Geo, p, settings), tmp_path / str(n)) for n, p in enumerate((plain, spoilt))]
    states = [each.method.state_dict() for each in made]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": {**SPLIT, "train": 7}}, "7 for training, 2 for validation and 4 tested: must be two or more each"),
        ({"references": 0}, "references = 0: is the domain of the queries too"),
        ({"label_noise": {"rate": 0.1}}, "label_noise: each class must have its images in both views"),
        ({"references": 3}, "references = 3: 'fashion_mnist_small' has 3 domains, from 0"),
    ],
)
def test_what_a_data_set_cannot_serve_is_refused(changes, message):
    plain = {field.name: getattr(DATASET, field.name) for field in dataclasses.fields(DATASET)}
    described = Described(**plain, further={"train_domains": Further((1,), "uint8", ("one", "two", "three"))})
    budget = Budget.model_validate({**jobs.PROTOCOL, "classes": {**SPLIT, "train": 4}, **changes})
    with pytest.raises(UserError, match=message):
        budget.check(described, "here")
