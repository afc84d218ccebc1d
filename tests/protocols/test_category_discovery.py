"""Old and new classes: who is labelled, that nothing which trains can know the others, how clusters are judged."""

import dataclasses
import functools

import pytest
import torch

from pipeline import metrics
from pipeline.errors import UserError
from pipeline.methods.continual_discovery.simgcd_in_sessions import SimGCDInSessions
from pipeline.methods.discovery import Discoverer
from pipeline.methods.discovery.bacon import BaCon
from pipeline.methods.discovery.gpc import GPC
from pipeline.methods.discovery.kmeans_pixels import KMeansPixels
from pipeline.methods.discovery.simgcd import SimGCD
from pipeline.methods.discovery.sp2ot import SP2OT
from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET
from pipeline.ops.clusterings import matched
from pipeline.protocols.category_discovery import Budget
from pipeline.protocols.category_discovery.run import Evidence, in_sessions, phases, prepare, share_of_each, watch
from pipeline.training import checkpoint, loop
from tests.kit import jobs
from tests.kit.methods import classifier
from tests.kit.tensors import all_tensors

OPTIMIZER = {"name": "sgd", "learning_rate": 0.05}
OLD = [3, 0]
NAMES = ["cluster_accuracy", "cluster_information", "cluster_count_error", "new_share", "new_share_gap"]


def job(method=None, seed=0, data=None, base=None, **budget):
    values = {"old_classes": OLD, "epochs": 2, "augmentation": {"shift": 1}, **budget}
    whole = jobs.data(train=80, test=40, classes=4) if data is None else data
    made = jobs.job(method or KMeansPixels(), "category_discovery", whole, seed, **values)
    return prepare(dataclasses.replace(made, base=base))


def fitted(made, folder):
    return loop.fit(made, phases(made), checkpoint.Kept(folder / "state", "test"), 1e9, lambda row: None)


def test_old_classes_come_first_and_half_of_them_have_labels():
    made, whole = job(), jobs.data(train=80, test=40, classes=4)
    data = made.data
    assert data.class_names == ("a", "d", "new 1", "new 2") and data.class_counts == (10, 10, 0, 0)
    assert len(data.streams["unlabelled"]) == len(data.hidden["labels"]) == 60
    # every image is in one of the two, with its class under its new number
    number = {0: 0, 3: 1, 1: 2, 2: 3}
    known = {bytes(x.numpy()): number[int(y)] for x, y in zip(whole.train_inputs, whole.train_labels, strict=True)}
    found = [*zip(data.train_inputs, data.train_labels, strict=True)]
    found += [*zip(data.streams["unlabelled"], data.hidden["labels"], strict=True)]
    assert {bytes(x.numpy()): int(y) for x, y in found} == known and len(found) == 80
    assert data.test_labels.tolist() == [number[int(y)] for y in whole.test_labels]
    assert torch.equal(data.test_inputs, whole.test_inputs)


def test_the_draw_is_of_study_and_seed_and_the_stream_in_no_order():
    first, again, other = job(), job(SimGCD()), job(seed=1)
    assert torch.equal(first.data.train_inputs, again.data.train_inputs)
    assert torch.equal(first.data.streams["unlabelled"], again.data.streams["unlabelled"])
    assert not torch.equal(first.data.train_inputs, other.data.train_inputs)
    # the data set has its classes in turn
    labels = first.data.hidden["labels"].tolist()
    assert len({tuple(labels[start : start + 4]) for start in range(0, 40, 4)}) > 5


@pytest.mark.parametrize("share, counts", [(0.01, [1, 1, 0]), (0.5, [2, 4, 0]), (0.9, [4, 7, 0])])
def test_shares_are_of_each_class(share, counts):
    labels = torch.tensor([0] * 4 + [1] * 8 + [2] * 5)
    chosen = share_of_each(labels, 2, share, torch.Generator().manual_seed(1))
    assert [int(chosen[labels == c].sum()) for c in range(3)] == counts
    drawn = sum(share_of_each(labels, 2, 0.5, torch.Generator().manual_seed(s)) for s in range(200))
    assert (drawn[:12] - 100).abs().max() < 30


@pytest.mark.parametrize("factor, places", [(1.0, 4), (1.5, 6), (0.1, 2), (2.0, 8)])
def test_methods_are_told_a_number_of_classes(factor, places):
    made = job(class_factor=factor)
    assert len(made.data.class_names) == places and len(made.data.class_counts) == places
    assert made.data.hidden["classes"].tolist() == [2, 4]


def dealt():
    """The data with the labels of the new classes, 1 and 2, dealt out anew among their images."""
    whole = jobs.data(train=80, test=40, classes=4)
    new = ((whole.train_labels == 1) | (whole.train_labels == 2)).nonzero().squeeze(1)
    labels = whole.train_labels.clone()
    labels[new] = labels[new[torch.randperm(len(new), generator=torch.Generator().manual_seed(1))]]
    assert (labels != whole.train_labels).sum() > 10
    return dataclasses.replace(whole, train_labels=labels, true_labels=labels)


@pytest.mark.parametrize("cls", [KMeansPixels, SimGCD, functools.partial(SP2OT, rounds=2, iterations=9), GPC, BaCon])
def test_hidden_labels_change_no_weight(cls, tmp_path):
    made = [job(cls(), data=data, base=classifier()) for data in (None, dealt())]
    assert not torch.equal(made[0].data.hidden["labels"], made[1].data.hidden["labels"])
    for place, each in enumerate(made):
        each.base.encoder = jobs_encoder(each)
        fitted(each, tmp_path / str(place))
    states = [each.method.state_dict() for each in made]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


def jobs_encoder(made):
    """An encoder such as the study's, untrained."""
    torch.manual_seed(3)
    return made.modality.encoder(made.settings["encoder"], made.data.shape)


class Peeking(Discoverer):
    """Keeps whatever a method is handed, and answers with any label that it finds among it."""

    paper = ""
    streams = {"unlabelled": ("full", "full")}

    def build(self, context):
        super().build(context)
        self.handed, self.weight = [context], torch.nn.Parameter(torch.zeros(()))

    def start_phase(self, phase, training):
        self.handed.append(training)

    def renew(self, epoch, training):
        self.handed.append(training)

    def loss(self, batch):
        self.handed.append(batch)
        return self.weight * 0

    def cluster_of(self, inputs):
        """The label of the stream's image that is nearest, if a batch has shown it."""
        shown = {}
        for batch in (each for each in self.handed if hasattr(each, "streams") and hasattr(each, "views")):
            shown |= dict(zip(batch["unlabelled"].indices.tolist(), batch["unlabelled"].labels.tolist(), strict=True))
        place = (inputs[:, None] - self.plain[None]).flatten(2).abs().sum(2).argmin(1)
        return torch.tensor([max(0, shown.get(int(each), -1)) for each in place])


def test_a_method_that_peeks_finds_nothing(tmp_path):
    made = job(Peeking())
    fitted(made, tmp_path)
    handed = made.method.handed
    streams = [part["unlabelled"] for part in handed if isinstance(getattr(part, "streams", None), dict)
               and hasattr(part, "views")]  # fmt: skip
    assert streams and all((stream.labels == -1).all() for stream in streams)
    secrets = (made.data.hidden["labels"], made.data.hidden["classes"], made.data.test_labels)
    assert not any(torch.equal(value, secret) for value in all_tensors(handed) for secret in secrets)
    assert all(int(each.labels.max()) == 1 for each in handed if isinstance(each, loop.TrainingSet))
    assert handed[0].class_counts == (10, 10, 0, 0) and handed[0].num_classes == 4
    assert not hasattr(handed[0], "class_names")
    made.method.plain = next(iter(made.views.plain(made.data.streams["unlabelled"])))
    # one cluster for all is the largest class's share, a third
    found = metrics.measure(Evidence(made), ["cluster_accuracy"])[0]
    assert found["cluster_accuracy"] == pytest.approx(100 * 20 / 60)


def test_an_epoch_goes_through_the_stream_once(tmp_path):
    made = job(SimGCD(), base=classifier())
    (phase,) = phases(made)
    assert phase.steps == 6
    made.base.encoder = jobs_encoder(made)
    seen = []
    loss = made.method.loss
    made.method.loss = lambda batch: seen.append(batch) or loss(batch)
    fitted(made, tmp_path)
    assert len(seen) == 12 and all(len(batch.labels) == len(batch["unlabelled"].labels) == 10 for batch in seen)
    order = torch.cat([batch["unlabelled"].indices for batch in seen[:6]])
    assert order.sort().values.tolist() == list(range(60))


def test_clusters_are_matched_to_all_classes_at_once(tmp_path):
    made = job()
    fitted(made, tmp_path)
    evidence = Evidence(made)
    with torch.no_grad():
        values, examples, _ = metrics.measure(evidence, NAMES)
        stream = next(iter(made.views.plain(made.data.streams["unlabelled"])))
        clusters = made.method.cluster_of(stream)
    assert torch.equal(evidence.unlabelled_clusters, clusters)
    right = matched(clusters, made.data.hidden["labels"]) == made.data.hidden["labels"]
    assert examples["cluster_accuracy"].tolist() == (100 * right.double()).tolist()
    old = made.data.hidden["labels"] < 2
    assert values["cluster_accuracy_new"] == pytest.approx(100 * right[~old].double().mean().item())
    assert values["cluster_count_error"] == 0 and (evidence.old_classes, evidence.true_classes) == (2, 4)
    arrays = evidence.arrays()
    assert arrays["plane"].shape == (60, 2) and len(arrays["predictions"]) == 40


def test_sizes_of_classes_are_of_all_training_inputs_and_assumed_ones_alike_unless_a_method_knows_better():
    made = job(class_factor=1.5)
    evidence = Evidence(made)
    labels = torch.cat([made.data.train_labels, made.data.hidden["labels"]])
    assert evidence.true_shares.tolist() == pytest.approx([float((labels == c).float().mean()) for c in range(4)])
    made.method.classes = 6
    assert evidence.assumed_shares.tolist() == pytest.approx([1 / 6] * 6)
    made.method.class_shares = lambda: torch.tensor([0.7, 0.3])
    assert evidence.assumed_shares.tolist() == pytest.approx([0.7, 0.3])


def test_a_search_looks_at_validation_examples_alone(tmp_path):
    whole = jobs.data(train=80, test=40, classes=4)
    made = job(data=dataclasses.replace(whole, test_labels=whole.test_labels.flip(0)), evaluate_on="validation",
               validation_examples=40)  # fmt: skip
    fitted(made, tmp_path)
    evidence = Evidence(made)
    assert torch.equal(evidence.unlabelled_labels, made.data.test_labels)
    assert torch.equal(evidence.unlabelled_clusters, evidence.clusters)


SESSIONS = {"sessions": [[2], [1]], "returning": 0.2}


def test_sessions_have_their_classes_and_some_of_those_before():
    labels = torch.tensor([0] * 10 + [1] * 20 + [2] * 10 + [3] * 5)
    found = in_sessions(labels, [2, 1, 1], 0.2)
    counts = [[int(((found == s) & (labels == c)).sum()) for c in range(4)] for s in range(3)]
    assert counts == [[6, 12, 0, 0], [2, 4, 8, 0], [2, 4, 2, 5]]
    assert in_sessions(labels, [4], 0.0).tolist() == [0] * 45


def test_sessions_come_one_after_the_other_and_without_labels(tmp_path):
    made = job(SimGCDInSessions(sessions=2), base=classifier(), epochs=5, watch=True, **SESSIONS)
    data = made.data
    assert "unlabelled" not in data.streams and data.class_names == ("a", "d", "new 1", "new 2")
    # classes are numbered as they come: 0 and 3, then 2, then 1
    whole = jobs.data(train=80, test=40, classes=4)
    assert data.test_labels.tolist() == [{0: 0, 3: 1, 2: 2, 1: 3}[int(y)] for y in whole.test_labels]
    first, *sessions = phases(made)
    assert torch.equal(first.inputs, data.train_inputs) and (first.first, first.last) == (0, 2)
    known = {bytes(x.numpy()): int(y) for x, y in zip(data.hidden["inputs"], data.hidden["labels"], strict=True)}
    for number, phase in enumerate(sessions, start=1):
        assert (phase.labels == -1).all() and phase.steps == len(phase.inputs) // 10
        classes = torch.bincount(torch.tensor([known[bytes(x.numpy())] for x in phase.inputs]), minlength=4).tolist()
        assert classes == [[2, 2, 16, 0], [2, 2, 4, 20]][number - 1]
    made.base.encoder = jobs_encoder(made)
    rows = loop.fit(made, phases(made), checkpoint.Kept(tmp_path / "state", "test"), 1e9, lambda row: None, watch)
    made.history.extend(rows)
    evidence = Evidence(made)
    assert evidence.before_sessions == rows[1]["test_old"] and int(made.method.used) == 4
    with torch.no_grad():
        values, _, absent = metrics.measure(evidence, [*NAMES, "forgetting"])
    assert not absent and len(evidence.unlabelled_labels) == 60
    assert values["forgetting"] == pytest.approx(rows[1]["test_old"] - values["cluster_accuracy_test_old"])


def test_phases_that_sessions_cannot_share_are_an_error():
    with pytest.raises(UserError, match="sessions: 2, and the method has 4 phases"):
        phases(job(SimGCDInSessions(sessions=3), **SESSIONS))


def test_what_is_watched_is_of_all_classes_and_of_the_old_ones_alone(tmp_path):
    made = job(watch=True)
    fitted(made, tmp_path)
    labels = made.data.test_labels
    with torch.no_grad():
        clusters = made.method.cluster_of(next(iter(made.views.plain(made.data.test_inputs))))
    found = watch(made)
    for name, part in (("test_all", labels >= 0), ("test_old", labels < 2)):
        right = matched(clusters[part], labels[part]) == labels[part]
        assert found[name] == pytest.approx(100 * right.double().mean().item())
    assert Evidence(made).before_sessions is None


def check(**budget):
    Budget.model_validate({"epochs": 1, "optimizer": OPTIMIZER, **budget}).check(DATASET, "s.yaml")


def test_what_a_study_may_ask_for():
    check(old_classes=[0, 4])
    check(old_classes=list(range(8)), sessions=[[9], [8]], returning=0.1)
    check(old_classes=list(range(10)), labelled_share=0.2, class_factor=1.5, imbalance=50.0)
    assert Budget.model_validate({"epochs": 1, "optimizer": OPTIMIZER, "old_classes": [1]}).streams() == ("unlabelled",)
    for budget, message in (
        ({"old_classes": [3]}, r"old_classes = \[3\]: name two or more"),
        ({"old_classes": [3, 10]}, "'fashion_mnist_small' has classes 0 to 9, not 10"),
        ({"old_classes": [3, 4], "sessions": [[1]]}, "each class that is not old must be in one session"),
        ({"old_classes": [3, 4], "batch_size": 901, "train_examples": 1000}, "at most the 900 inputs without labels"),
        ({"old_classes": [3, 4], "returning": 0.1}, "returning = 0.1: there are no sessions"),
        ({"old_classes": list(range(8)), "sessions": [[8], [9]], "returning": 0.5}, "would use up a class"),
        ({"old_classes": [3, 4], "held_out_classes": [1]}, "take held_out_classes out"),
        ({"old_classes": [3, 4], "label_noise": {"rate": 0.2}}, "take label_noise out"),
    ):
        with pytest.raises(UserError, match=message):
            check(**budget)
