"""Episodes of classes that were never trained on: of which images, and that they are the same for every method."""

import dataclasses

import pytest
import torch

from pipeline import metrics
from pipeline.contract import Batch
from pipeline.errors import UserError
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.few_shot import Transductive, class_means
from pipeline.methods.few_shot.laplacian_shot import LaplacianShot
from pipeline.methods.few_shot.many_shot import ManyShot
from pipeline.methods.few_shot.matching_net import MatchingNet
from pipeline.methods.few_shot.nearest_centroid import NearestCentroid
from pipeline.methods.few_shot.proto_net import ProtoNet
from pipeline.modalities import Prepared, sharing
from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET
from pipeline.protocols.few_shot import Budget
from pipeline.protocols.few_shot.run import Evidence, phases, prepare
from pipeline.training import checkpoint, loop
from tests.kit import jobs
from tests.kit.methods import members
from tests.kit.tensors import all_tensors

CLASSES = 14
SPLIT = {"train": 5, "validation": 4, "test": 5}
ONE = {"name": "one_shot", "ways": 3, "shots": 1, "queries": 4, "episodes": 30}
FIVE = {"name": "five_shots", "ways": 3, "shots": 5, "queries": 4, "episodes": 20}
NAMES = ["episode_top1", "over_centroid"]


def source():
    """A data set of fourteen classes; images tell their place and split in their first two pixels."""
    make, parts = torch.Generator().manual_seed(0), []
    for split, count in ((0, 168), (1, 56)):
        images = torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8, generator=make)
        labels = torch.arange(count) % CLASSES
        images = (images // 4 + 10 * labels[:, None, None, None]).to(torch.uint8)
        images[:, 0, 0, 0], images[:, 0, 0, 1] = torch.arange(count).to(torch.uint8), split
        parts += [images, labels]
    return Prepared("fourteen", *parts, (0.5,), (0.25,), tuple("abcdefghijklmn"), (1, 8, 8), "")


def classes_of(images):
    """The data set's numbers of the classes that images are of."""
    return images[:, 0, 0, 0].long() % CLASSES


def job(cls=CrossEntropy, seed=0, prepared=None, base=None, settings=None, tasks=(ONE, FIVE), **budget):
    prepared, method = prepared or source(), cls(**(settings or {}))
    made = jobs.job(
        method, "few_shot", None, seed, dataset="fourteen", classes=SPLIT, tasks=list(tasks), chosen_on=6, **budget
    )
    data = sharing.share(prepared, made.settings, made.draws, torch.device("cpu"))
    return prepare(dataclasses.replace(made, data=data, base=base, load=lambda key: prepared))


def fitted(made, folder, report=lambda row: None, pause=1e9):
    return loop.fit(made, phases(made), checkpoint.Kept(folder / "state", "test"), pause, report)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    made = job()
    fitted(made, tmp_path_factory.mktemp("base"))
    return made.method.eval()


def evidence_of(cls, base, **options):
    made = job(cls, base=base, **options)
    loop.build(made, phases(made))
    return Evidence(made)


def test_episodes_are_of_all_images_of_the_novel_classes_in_the_data_sets_order():
    data = job().data
    trained = {"abcdefghijklmn".index(name) for name in data.class_names}
    tested = classes_of(data.test_inputs)
    assert not trained & set(tested.tolist()) and len(data.test_inputs) == 5 * (12 + 4)
    numbers = tested.unique()
    assert torch.equal(numbers[data.test_labels], tested)
    chosen = classes_of(data.hidden["validation_inputs"])
    assert torch.equal(chosen.unique()[data.hidden["validation_labels"]], chosen) and len(chosen.unique()) == 4
    assert not set(chosen.tolist()) & (trained | set(tested.tolist()))


def test_a_search_tests_validation_classes_and_no_image_of_the_test_split():
    made = job(train_examples=168, validation_examples=28, evaluate_on="validation")
    for images in (made.data.test_inputs, made.data.hidden["validation_inputs"]):
        assert set(classes_of(images).tolist()) == set(classes_of(job().data.hidden["validation_inputs"]).tolist())
        assert (images[:, 0, 0, 1] == 0).all()


def test_episodes_are_of_study_and_seed_and_not_of_the_method(trained):
    first = evidence_of(NearestCentroid, trained)
    for other in (evidence_of(LaplacianShot, trained), evidence_of(ProtoNet, None)):
        for name, drawn in first._episodes.items():
            for field in dataclasses.fields(drawn):
                assert torch.equal(getattr(drawn, field.name), getattr(other._episodes[name], field.name))
    moved = evidence_of(NearestCentroid, trained, seed=1)._episodes["one_shot"]
    assert not torch.equal(moved.support, first._episodes["one_shot"].support)


def test_adjacent_classes_and_unequal_shares(trained):
    usual = evidence_of(NearestCentroid, trained, adjacent=True)
    uneven = evidence_of(NearestCentroid, trained, adjacent=True, query_concentration=2.0)
    drawn, other = usual._episodes["one_shot"], uneven._episodes["one_shot"]
    assert (usual.labels[drawn.support[:, :, 0]].diff(dim=1) == 1).all()
    # the same labelled images, and as many queries
    assert torch.equal(drawn.support, other.support) and drawn.queries.shape == other.queries.shape
    counts = torch.stack([row.bincount(minlength=3) for row in other.query_labels])
    assert (drawn.query_labels.flatten().bincount() == 120).all() and counts.max() > 6 and counts.min() < 3


class Peeking(Transductive):
    """Keeps all that it is ever handed, and answers by the nearest mean."""

    paper = ""
    candidates = {"lam": (0.1, 0.2)}

    def __init__(self, **settings):
        super().__init__(**settings)
        self.handed, self.lam = [], -1.0

    def build(self, context):
        super().build(context)
        self.handed.append(context)

    def look(self, known):
        super().look(known)
        self.handed.append(known)

    def classify(self, support, labels, queries):
        self.handed += [support, labels, queries]
        return -torch.cdist(queries, class_means(support, labels))


def test_what_a_classifier_is_handed_has_no_label_of_a_query(trained):
    found = evidence_of(Peeking, trained)
    with torch.no_grad():
        assert found.episode_right["one_shot"].shape == (30,)
    handed = found.job.method.handed
    whole = [value for value in all_tensors(handed) if value.dtype == torch.long]
    assert whole and {tuple(value.shape[1:]) for value in whole if value.ndim == 2} == {(3,), (15,)}
    secrets = [drawn.query_labels for drawn in found._episodes.values()] + [found.labels]
    assert not any(torch.equal(value, secret) for value in whole for secret in secrets)
    # base features and the episodes' own
    shapes = {tuple(value.shape[1:-1]) for value in all_tensors(handed[1:]) if value.is_floating_point()}
    assert shapes <= {(), (3,), (15,), (12,)}


class Recording(ProtoNet):
    """Keeps what training hands it."""

    def build(self, context):
        super().build(context)
        self.handed = [context]

    def renew(self, epoch, training):
        super().renew(epoch, training)
        self.handed.append(training)

    def loss(self, batch):
        self.handed.append(batch)
        return super().loss(batch)


def test_a_method_trains_on_episodes_of_base_classes_alone(tmp_path):
    made = job(Recording, settings={"images_per_class": 5})
    fitted(made, tmp_path)
    handed, known = made.method.handed, {"abcdefghijklmn".index(name) for name in made.data.class_names}
    images = [value for value in all_tensors(handed) if value.dtype == torch.uint8 and value.ndim == 4]
    assert images and all(set(classes_of(value).tolist()) <= known for value in images)
    batches = [part for part in handed if isinstance(part, Batch)]
    assert batches and all((batch.labels.view(-1, 5) == batch.labels.view(-1, 5)[:, :1]).all() for batch in batches)
    secrets = [made.data.test_labels, made.data.hidden["validation_labels"], made.data.test_inputs]
    assert not any(torch.equal(value, secret) for value in all_tensors(handed) for secret in secrets)


class Settled(Peeking):
    """Right only if its weight is 0.2."""

    def classify(self, support, labels, queries):
        scores = super().classify(support, labels, queries)
        return scores if self.lam == 0.2 else -scores


def test_a_weight_is_chosen_on_validation_classes_and_stays_chosen_for_none(trained):
    found = evidence_of(Settled, trained)
    with torch.no_grad():
        right = found.episode_right
        assert found.choices == {"lam_one_shot": 0.2, "lam_five_shots": 0.2} and found.job.method.lam == -1.0
        fixed = evidence_of(LaplacianShot, trained, settings={"lam": 0.3})
        assert fixed.choices == {} and set(fixed.episode_right) == {"one_shot", "five_shots"}
    assert right["one_shot"].mean() > 0.5


def test_the_ceiling_has_every_other_image_of_an_episodes_classes(trained):
    found, seen = evidence_of(ManyShot, trained), []
    found.job.method.classify = lambda support, labels, queries: (
        seen.append((support, labels)) or torch.zeros(*queries.shape[:2], 3)
    )
    found.episode_right  # noqa: B018
    # of 16 images 4 are queries
    assert [tuple(support.shape[:2]) for support, _ in seen] == [(30, 36), (20, 36)]
    assert all((labels.bincount(minlength=3) == 12).all() for labels in (given[0] for _, given in seen))


def test_metrics_are_of_episodes_and_gains_of_the_same_ones(trained):
    found = evidence_of(NearestCentroid, trained)
    with torch.no_grad():
        values, examples, absent = metrics.measure(found, NAMES)
        plain = evidence_of(CrossEntropy, None)
        plain.job.method.load_state_dict(trained.state_dict())
        usual, _, _ = metrics.measure(plain, NAMES)
    assert not absent and found.arrays() == {}
    assert examples["episode_top1_one_shot"].shape == (30,) and examples["episode_top1_five_shots"].shape == (20,)
    # the gain of what it is a gain over, and of features as they are over those that are centred
    assert values["over_centroid_one_shot"] == 0.0 == values["over_centroid_five_shots"]
    gain = usual["episode_top1_one_shot"] - values["episode_top1_one_shot"]
    assert usual["over_centroid_one_shot"] == pytest.approx(gain)


FROZEN = [cls for cls in members("few_shot") if getattr(cls, "builds_on", False)]


@pytest.mark.parametrize("cls", FROZEN, ids=lambda cls: cls.__name__)
def test_neither_the_order_of_queries_nor_that_of_labelled_images_matters(cls, trained):
    found = evidence_of(cls, trained)
    method, drawn = found._method, found._episodes["five_shots"]
    for name, values in method.candidates.items():
        setattr(method, name, values[-1])
    support, labels = found.features[drawn.support.flatten(1)], drawn.support_labels
    queries = found.features[drawn.queries]
    make = torch.Generator().manual_seed(1)
    asked, given = (torch.randperm(part.shape[1], generator=make) for part in (queries, support))
    with torch.no_grad():
        first = method.classify(support, labels, queries)
        second = method.classify(support[:, given], labels[:, given], queries[:, asked])
    torch.testing.assert_close(first[:, asked], second, atol=2e-3, rtol=1e-3)


@pytest.mark.parametrize("cls", [ProtoNet, MatchingNet])
def test_a_killed_run_resumes(cls, tmp_path):
    class KilledError(BaseException):
        pass

    def killed(row):
        if row["epoch"] == 2:
            raise KilledError

    def made():
        return job(cls, settings={"images_per_class": 5}, epochs=3)

    straight, resumed = made(), made()
    for name in ("straight", "killed"):
        (tmp_path / name).mkdir()
    fitted(straight, tmp_path / "straight")
    with pytest.raises(KilledError):
        fitted(made(), tmp_path / "killed", killed, 0.0)
    fitted(resumed, tmp_path / "killed", pause=0.0)
    found = resumed.method.state_dict()
    assert all(torch.equal(value, found[name]) for name, value in straight.method.state_dict().items())


@pytest.mark.parametrize(
    ("task", "budget", "message"),
    [
        ({"ways": 6}, {}, "tasks odd: 6 classes with more than 1 examples each from 5 with 16 or more"),
        ({"shots": 16}, {}, "tasks odd: 3 classes with more than 16 examples each from 5 with 16 or more"),
        ({"queries": 15}, {"query_concentration": 0.01}, "no draw of 45 queries leaves every class with as many"),
    ],
)
def test_episodes_that_cannot_be_drawn_are_refused_in_one_line(task, budget, message, trained):
    odd = {"name": "odd", "ways": 3, "shots": 1, "queries": 4, "episodes": 5, **task}
    with pytest.raises(UserError, match=message) as told, torch.no_grad():
        evidence_of(NearestCentroid, trained, tasks=[odd], **budget)._episodes  # noqa: B018
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tasks": []}, "at least 1 item"),
        ({"tasks": [{**ONE, "name": "One shot"}]}, "pattern"),
        ({"tasks": [{**ONE, "ways": 1}]}, "greater than or equal to 2"),
        ({"query_concentration": -1.0}, "greater than or equal to 0"),
        ({"chosen_on": 0}, "greater than"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        Budget.model_validate({**jobs.PROTOCOL, "classes": SPLIT, **changes})


def test_more_classes_than_there_are_are_refused():
    budget = Budget.model_validate({**jobs.PROTOCOL, "classes": {**SPLIT, "train": 7}})
    with pytest.raises(UserError, match="7 for training, 4 for validation and 5 tested are more than the 10 that"):
        budget.check(DATASET, "here")


def test_more_labelled_images_than_a_class_has_are_refused_before_training():
    few = {"train_examples": 300, "test_examples": 200, "classes": {"train": 4, "validation": 3, "test": 3}}
    budget = Budget.model_validate({**jobs.PROTOCOL, **few, "tasks": [{"name": "odd", "ways": 3, "shots": 60}]})
    with pytest.raises(UserError, match="tasks odd: shots = 60: must be less than the 50 images of a class"):
        budget.check(DATASET, "here")
