"""Classes apart: how they are split, that nothing which trains can know the others, and what is evaluated."""

import dataclasses

import pytest
import torch

from pipeline import metrics
from pipeline.contract import Batch
from pipeline.errors import UserError
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.embedding import Embedding
from pipeline.methods.embedding.contrastive import Contrastive
from pipeline.methods.embedding.multi_similarity import MultiSimilarity
from pipeline.methods.embedding.normalised_softmax import NormalisedSoftmax
from pipeline.methods.joint_embedding.sup_con import SupCon
from pipeline.methods.margin_softmax.arcface import ArcFace
from pipeline.modalities import Prepared, sharing
from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET
from pipeline.protocols.metric_learning import Budget, Split
from pipeline.protocols.metric_learning.run import Evidence, class_split, phases, prepare
from pipeline.training import checkpoint, loop
from tests.kit import jobs
from tests.kit.tensors import all_tensors

CLASSES = 12
SPLIT = {"train": 6, "validation": 2, "test": 4}


def source(seed=0):
    """A data set of twelve classes; images tell their place and split in their first two pixels."""
    make = torch.Generator().manual_seed(seed)
    parts = []
    for split, count in ((0, 240), (1, 96)):
        images = torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8, generator=make)
        images[:, 0, 0, 0], images[:, 0, 0, 1] = torch.arange(count).to(torch.uint8), split
        parts += [images, torch.arange(count) % CLASSES]
    return Prepared("twelve", *parts, (0.5,), (0.25,), tuple("abcdefghijkl"), (1, 8, 8), "")


@dataclasses.dataclass(frozen=True)
class Annotated(Prepared):
    further: dict = dataclasses.field(default_factory=dict)


def annotated():
    """The same with four coarse classes and a level of degradation for every test image."""
    plain = {field.name: getattr(source(), field.name) for field in dataclasses.fields(Prepared)}
    further = {"class_coarse": torch.arange(CLASSES) // 3, "test_levels": (torch.arange(96) % 16).to(torch.uint8)}
    return Annotated(**plain, further=further)


def job(cls=CrossEntropy, seed=0, prepared=None, classes=None, settings=None, **budget):
    prepared = prepared or source()
    made = jobs.job(
        cls(**(settings or {})), "metric_learning", None, seed, dataset="twelve", classes=classes or SPLIT, **budget
    )
    data = sharing.share(prepared, made.settings, made.draws, torch.device("cpu"))
    return prepare(dataclasses.replace(made, data=data, load=lambda key: prepared))


def fitted(made, folder):
    return loop.fit(made, phases(made), checkpoint.Kept(folder / "state", "test"), 1e9, lambda row: None)


def places_of(images):
    return images[:, 0, 0, 0].long(), images[:, 0, 0, 1].long()


def classes_of(images):
    """The data set's numbers of the classes that images are of."""
    return places_of(images)[0] % CLASSES


def test_classes_are_in_one_part_each():
    made = job()
    names = made.data.class_names
    trained = ["abcdefghijkl".index(name) for name in names]
    tested = made.data.hidden["classes"].tolist()
    assert len(trained) == 6 and len(tested) == 4 and not set(trained) & set(tested)
    assert set(classes_of(made.data.train_inputs).tolist()) == set(trained)
    assert set(classes_of(made.data.test_inputs).tolist()) == set(tested)
    # all of their images, under new numbers
    assert len(made.data.train_inputs) == 120 and len(made.data.test_inputs) == 32
    assert torch.equal(torch.tensor(trained)[made.data.train_labels], classes_of(made.data.train_inputs))
    assert torch.equal(torch.tensor(tested)[made.data.test_labels], classes_of(made.data.test_inputs))
    assert (places_of(made.data.train_inputs)[1] == 0).all() and (places_of(made.data.test_inputs)[1] == 1).all()


def test_the_split_is_of_the_classes_alone():
    first = job()
    for other in (job(seed=1), job(NormalisedSoftmax), job(Contrastive, settings={"images_per_class": 5})):
        assert other.data.class_names == first.data.class_names
        assert torch.equal(other.data.hidden["classes"], first.data.hidden["classes"])
    same = job(prepared=dataclasses.replace(source(1), key="other"))
    assert same.data.class_names == first.data.class_names
    others = job(prepared=dataclasses.replace(source(), classes=tuple("ABCDEFGHIJKL")))
    assert {*map(str.lower, others.data.class_names)} != {*first.data.class_names}


def test_fewer_training_classes_are_some_of_the_more_and_tests_stay():
    more, fewer = job(), job(classes={**SPLIT, "train": 3})
    assert set(fewer.data.class_names) < set(more.data.class_names) and len(fewer.data.class_names) == 3
    assert torch.equal(more.data.test_inputs, fewer.data.test_inputs)


def test_shares_and_numbers_of_classes():
    assert Split(train=0.6, validation=0.15, test=0.25).counts(1300) == (780, 195, 325)
    assert Split(train=0.5, validation=0.25, test=0.25).counts(10) == (5, 2, 2)
    assert Split(train=4, validation=0.1, test=3).counts(10) == (4, 2, 3)


def test_classes_of_a_group_stay_together():
    groups = torch.arange(40) // 4
    parts = class_split((20, 6, 10), groups, torch.Generator().manual_seed(0))
    assert [len(part) for part in parts] == [20, 8, 12]
    of_groups = [set(groups[part].tolist()) for part in parts]
    assert not of_groups[0] & of_groups[1] and not of_groups[0] & of_groups[2] and not of_groups[1] & of_groups[2]
    assert sorted(torch.cat(parts).tolist()) == list(range(40))
    made = job(prepared=annotated(), classes={**SPLIT, "test": 3, "together": True})
    coarse = made.data.hidden["classes"] // 3
    assert len(coarse.unique()) == 1 and len(coarse) == 3
    trained = {"abcdefghijkl".index(name) // 3 for name in made.data.class_names}
    assert not trained & set(coarse.tolist())
    # without coarse classes each is its own
    assert job(classes={**SPLIT, "together": True}).data.class_names == job().data.class_names


def test_a_search_looks_at_validation_classes_alone():
    made = job(train_examples=240, validation_examples=48, evaluate_on="validation")
    tested, final = set(made.data.hidden["classes"].tolist()), set(job().data.hidden["classes"].tolist())
    assert len(tested) == 2 and not tested & final
    assert set(classes_of(made.data.test_inputs).tolist()) == tested
    # all images of these classes in the training split, and none of the test split
    assert len(made.data.test_inputs) == 40 and (places_of(made.data.test_inputs)[1] == 0).all()
    assert (places_of(made.data.hidden["seen_inputs"])[1] == 0).all()
    trained = set(places_of(made.data.train_inputs)[0].tolist())
    assert not trained & set(places_of(made.data.hidden["seen_inputs"])[0].tolist())
    assert made.data.class_names == job().data.class_names


def test_the_ceiling_trains_on_other_images_of_the_tested_classes():
    made, usual = job(tested_too=True), job()
    assert made.data.class_names[:6] == usual.data.class_names and len(made.data.class_names) == 10
    assert torch.equal(made.data.test_inputs, usual.data.test_inputs)
    assert (places_of(made.data.train_inputs)[1] == 0).all() and len(made.data.train_inputs) == 200
    searched = job(tested_too=True, train_examples=240, validation_examples=48, evaluate_on="validation")
    assert not set(places_of(searched.data.train_inputs)[0].tolist()) & set(
        places_of(searched.data.test_inputs)[0].tolist()
    )


def test_wrong_labels_are_of_classes_that_are_trained_on():
    made = job(label_noise={"rate": 0.4})
    wrong = made.data.train_labels != made.data.true_labels
    assert 0.25 < wrong.double().mean() < 0.55 and made.data.train_labels.max() < 6
    assert torch.equal(made.data.true_labels, job().data.train_labels)


def test_a_split_class_has_two_labels():
    made, usual = job(split_classes=0.5), job()
    given, true = made.data.train_labels, made.data.true_labels
    twins = made.data.hidden["twins"]
    assert torch.equal(true, usual.data.train_labels) and len(made.data.class_names) == 9 and len(twins) == 3
    assert [made.data.class_names[first] for first in twins[:, 0]] == [*made.data.class_names[6:]]
    for first, second in twins.tolist():
        assert second >= 6 and (given == first).sum() == (given == second).sum() == 10
        assert (true[given == second] == first).all()
    whole = ~torch.isin(true, twins)
    assert torch.equal(given[whole], true[whole]) and made.data.class_counts == tuple(torch.bincount(given).tolist())
    assert torch.equal(given, job(split_classes=0.5).data.train_labels)
    assert not torch.equal(given, job(split_classes=0.5, seed=1).data.train_labels)
    assert not len(usual.data.hidden["twins"])


def test_directions_of_split_classes(tmp_path):
    made = job(NormalisedSoftmax, split_classes=0.5)
    fitted(made, tmp_path)
    first, second = Evidence(made).split_directions
    assert torch.equal(first, made.method.head.weight[made.data.hidden["twins"][:, 0]])
    assert torch.equal(second, made.method.head.weight[6:])
    assert Evidence(job(NormalisedSoftmax)).split_directions is None


class Peeking(Embedding):
    """Keeps all that a method is ever handed."""

    paper = ""

    def build(self, context):
        super().build(context)
        self.handed = [context]

    def start_phase(self, phase, training):
        self.handed.append(training)

    def renew(self, epoch, training):
        super().renew(epoch, training)
        self.handed.append(training)

    def fetch(self, inputs, indices):
        self.handed += [inputs, indices]
        return super().fetch(inputs, indices)

    def loss(self, batch):
        self.handed.append(batch)
        return self.encoder(batch.views[0]).square().mean()


@pytest.mark.parametrize("searched", [False, True])
def test_a_method_is_handed_nothing_of_other_classes(searched, tmp_path):
    budget = {"train_examples": 240, "validation_examples": 48, "evaluate_on": "validation"} if searched else {}
    made = job(Peeking, settings={"images_per_class": 5}, **budget)
    fitted(made, tmp_path)
    handed, trained = made.method.handed, {"abcdefghijkl".index(name) for name in made.data.class_names}
    context = handed[0]
    assert context.num_classes == 6 == len(context.class_counts) and not context.streams
    assert context.train_examples == len(made.data.train_inputs) == sum(context.class_counts)
    batches = [part for part in handed if isinstance(part, Batch)]
    assert batches and all(part.labels.max() < 6 and part.indices.max() < context.train_examples for part in batches)
    images = [value for value in all_tensors(handed) if value.dtype == torch.uint8 and value.ndim == 4]
    assert images and all(set(classes_of(value).tolist()) <= trained for value in images)
    assert all((places_of(value)[1] == 0).all() for value in images)
    secrets = {name: made.data.hidden[name] for name in ("classes", "seen_labels", "seen_inputs")}
    secrets |= {"inputs": made.data.test_inputs, "labels": made.data.test_labels}
    assert not any(torch.equal(value, secret) for value in all_tensors(handed) for secret in secrets.values())


@pytest.mark.parametrize("cls", [CrossEntropy, ArcFace, SupCon, Contrastive, NormalisedSoftmax])
def test_other_classes_change_no_weight(cls, tmp_path):
    """To the last bit the same training, whatever images the other classes have."""
    plain, spoilt = source(), source()
    known = torch.tensor(["abcdefghijkl".index(name) for name in job().data.class_names])
    others = ~torch.isin(spoilt.train_labels, known)
    spoilt.train_inputs[others] = 255 - spoilt.train_inputs[others]
    spoilt.test_inputs.fill_(7)
    settings = {"images_per_class": 5} if cls is Contrastive else {}
    made = [job(cls, prepared=prepared, settings=settings) for prepared in (plain, spoilt)]
    for place, each in enumerate(made):
        fitted(each, tmp_path / str(place))
    states = [each.method.state_dict() for each in made]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


class Recording(Contrastive):
    def build(self, context):
        super().build(context)
        self.seen = []

    def loss(self, batch):
        self.seen.append(batch.labels)
        return super().loss(batch)


def test_batches_have_several_images_of_each_class_or_are_random(tmp_path):
    grouped, plain = (job(Recording, settings={"images_per_class": count}) for count in (5, 0))
    for made, name in ((grouped, "grouped"), (plain, "plain")):
        fitted(made, tmp_path / name)
    assert len(grouped.method.seen) == len(plain.method.seen) == 2 * 12
    assert all(torch.bincount(labels).max() == 5 == labels.bincount().sum() / 2 for labels in grouped.method.seen)
    assert any(torch.bincount(labels).max() != 5 for labels in plain.method.seen)


class Opposite(Contrastive):
    def similarity(self, queries, gallery):
        return -super().similarity(queries, gallery)


def test_a_method_may_define_its_similarity(tmp_path):
    usual, other = (job(cls, settings={"images_per_class": 5}) for cls in (Contrastive, Opposite))
    for made, name in ((usual, "usual"), (other, "other")):
        fitted(made, tmp_path / name)
    with torch.no_grad():
        first, second = Evidence(usual).similarities, Evidence(other).similarities
    assert (first.diagonal() == -torch.inf).all() and (second.diagonal() == -torch.inf).all()
    itself = torch.eye(len(first), dtype=torch.bool)
    assert torch.equal(first[~itself], -second[~itself])


NAMES = ["recall_1", "map_r", "opis", "eer", "low_recall_1", "intra", "utilisation", "uniformity"]


@pytest.mark.parametrize("cls", [MultiSimilarity, ArcFace, SupCon])
def test_metrics_are_of_embeddings_of_tested_images(cls, tmp_path):
    settings = {"images_per_class": 5} if cls is MultiSimilarity else {}
    made = job(cls, prepared=annotated(), settings=settings)
    fitted(made, tmp_path)
    evidence = Evidence(made)
    with torch.no_grad():
        values, examples, absent = metrics.measure(evidence, NAMES)
        kept = evidence.arrays()
        plain = (made.data.test_inputs.float() / 255 - 0.5) / 0.25
        z = torch.nn.functional.normalize(made.method.features(plain).double())
    cosines = (z @ z.T).fill_diagonal_(-2)
    right = made.data.test_labels[cosines.argmax(1)] == made.data.test_labels
    assert examples["recall_1"].tolist() == (100.0 * right).tolist() and not absent
    assert 0 <= values["recall_1_seen"] <= 100 and len(examples["recall_1_seen"]) == 32
    assert kept["row_images"].shape == (4, 9, 1, 8, 8) and torch.equal(kept["labels"], made.data.test_labels)
    # as they were recorded, by the place of the image
    assert torch.equal(evidence.degradations.long(), places_of(made.data.test_inputs)[0] % 16)


def test_seen_classes_are_as_many_as_tested_ones_by_images_that_were_not_trained_on():
    hidden = job().data.hidden
    assert len(hidden["seen_labels"].unique()) == 4 and (places_of(hidden["seen_inputs"])[1] == 1).all()
    trained = {"abcdefghijkl".index(name) for name in job().data.class_names}
    assert set(classes_of(hidden["seen_inputs"]).tolist()) < trained


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"classes": {**SPLIT, "train": 7}}, "7 for training, 2 for validation and 4 tested are more than the 10 that"),
        ({"classes": {"train": 1, "validation": 2, "test": 4}}, "classes.train: 1 of 10 classes: must be two or more"),
        (
            {"classes": {"train": 4, "validation": 2, "test": 4}, "label_noise": {"rate": 0.1, "flips": [[0, 1]]}},
            "flips: is of classes that may not be trained on",
        ),
    ],
)
def test_what_a_data_set_cannot_serve_is_refused(changes, message):
    budget = Budget.model_validate({**jobs.PROTOCOL, **changes})
    with pytest.raises(UserError, match=message):
        budget.check(DATASET, "here")
