"""Hidden labels: who is labelled, that nothing which trains can know the others, and what an epoch is."""

import copy
import dataclasses

import pytest
import torch

from pipeline import metrics
from pipeline.contract import Batch
from pipeline.errors import UserError
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.semi_supervised import SemiSupervised
from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.methods.semi_supervised.fst_d import FSTD
from pipeline.methods.semi_supervised.fst_w import FSTW
from pipeline.methods.semi_supervised.mean_teacher import MeanTeacher
from pipeline.methods.semi_supervised.mixmatch import MixMatch
from pipeline.methods.semi_supervised.pseudo_label import PseudoLabel
from pipeline.methods.semi_supervised.shrink_match import ShrinkMatch
from pipeline.methods.semi_supervised.sim_match_v2 import SimMatchV2
from pipeline.modalities import Prepared, sharing
from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET
from pipeline.modalities.sharing import taken
from pipeline.protocols.semi_supervised import Budget
from pipeline.protocols.semi_supervised.run import Evidence, mixed, per_class, phases, prepare, watch
from pipeline.training import checkpoint, loop
from tests.kit import jobs
from tests.kit.methods import members
from tests.kit.tensors import all_tensors

AUGMENTATION = {"shift": 1, "flip": 0.5, "strong": {"shift": 2, "cutout": 0.5}}
METHODS = [CrossEntropy, *members("semi_supervised"), *members("contrastive_pretraining")]
OPTIMIZER = {"name": "sgd", "learning_rate": 0.05}


def job(cls=CrossEntropy, labelled=6, seed=0, data=None, **settings):
    return prepare(unprepared(cls, seed, data, settings, labelled_examples=labelled))


def unprepared(cls, seed, data, settings, **budget):
    method = cls(**settings)
    return jobs.job(method, "semi_supervised", data, seed, augmentation=AUGMENTATION, weight_average=0.5, **budget)


# classes 0 to 4 in turn, of which 1 and 3 are held out; each image tells its place in its first two pixels
PLACES = torch.arange(120)
IMAGES = torch.randint(0, 256, (120, 1, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
IMAGES[:, 0, 0, 0], IMAGES[:, 0, 0, 1] = (PLACES // 100).to(torch.uint8), (PLACES % 100).to(torch.uint8)
SOURCE = Prepared(
    key="five",
    train_inputs=IMAGES,
    train_labels=PLACES % 5,
    test_inputs=IMAGES[:40],
    test_labels=PLACES[:40] % 5,
    mean=(0.5,),
    std=(0.25,),
    classes=tuple("abcde"),
    shape=(1, 8, 8),
    digest="",
)
KNOWN = torch.tensor([0, -1, 1, -1, 2])
"""What the classes are called without those held out."""


def mismatched(cls=CrossEntropy, share=0.5, seed=0, **settings):
    """A job whose stream has images of classes held out."""
    budget = {
        "dataset": "five",
        "labelled_examples": 6,
        "held_out_classes": [1, 3],
        "unknown_share": share,
        "train_examples": 110,
        "validation_examples": 10,
        "test_examples": 30,
    }
    made = unprepared(cls, seed, None, settings, **budget)
    data = sharing.share(SOURCE, made.settings, made.draws, torch.device("cpu"))
    return prepare(dataclasses.replace(made, data=data, load={"five": SOURCE}.get))


def places_of(images):
    return images[:, 0, 0, 0].long() * 100 + images[:, 0, 0, 1].long()


def fitted(made, folder, report=lambda row: None, pause=1e9):
    return loop.fit(made, phases(made), checkpoint.Kept(folder / "state", "test"), pause, report)


def with_labels(labels):
    """The data with these training labels."""
    return dataclasses.replace(jobs.data(), train_labels=labels, true_labels=labels)


def test_the_labelled_part_has_as_many_of_each_class():
    made, whole = job(), jobs.data()
    assert torch.bincount(made.data.train_labels).tolist() == [2, 2, 2]
    assert made.data.class_counts == (2, 2, 2)
    given = made.data.hidden["given"]
    assert torch.equal(made.data.train_inputs, whole.train_inputs[given])
    assert torch.equal(made.data.train_labels, whole.train_labels[given])
    assert torch.equal(made.data.streams["unlabelled"], whole.train_inputs)
    assert torch.equal(made.data.hidden["labels"], whole.train_labels[~given])
    assert torch.equal(made.data.test_inputs, whole.test_inputs)


def test_the_draw_is_of_study_and_seed_and_not_of_the_method():
    given = [job(cls, seed=seed).data.hidden["given"] for cls in METHODS for seed in (0, 1)]
    assert all(torch.equal(given[place], given[place % 2]) for place in range(len(given)))
    assert not torch.equal(given[0], given[1])
    # fewer labels at one seed are some of the more
    assert not (given[0] & ~job(labelled=12).data.hidden["given"]).any()


def test_every_choice_of_a_class_is_alike():
    labels, count = torch.tensor([0, 1] * 4), torch.zeros(8)
    for seed in range(300):
        chosen = per_class(labels, 2, 1, torch.Generator().manual_seed(seed))
        assert chosen.sum() == 2 and chosen[::2].sum() == 1
        count += chosen
    assert (count - 75).abs().max() < 30


def test_too_few_of_a_class():
    with pytest.raises(UserError, match="labelled_examples: 3 a class, but class 1 has 2 examples"):
        per_class(torch.tensor([0, 1, 0, 1, 0]), 2, 3, torch.Generator())


def test_null_gives_all_labels():
    made, whole = job(labelled=None), jobs.data()
    assert torch.equal(made.data.train_inputs, whole.train_inputs)
    assert torch.equal(made.data.train_labels, whole.train_labels)
    assert not len(made.data.hidden["labels"])


def dealt(labels, seed=0):
    """The labels with those that no draw at this seed looks at first dealt out anew among their images."""
    made = job(seed=seed)
    order = torch.randperm(len(labels), generator=made.draws.generator("labelled"))
    last = made.data.hidden["given"][order].nonzero().max()
    late = order[last + 1 :]
    found = labels.clone()
    found[late] = labels[late].roll(1)
    assert (found != labels).sum() > 10
    return found


@pytest.mark.parametrize("cls", METHODS)
def test_hidden_labels_change_no_weight(cls, tmp_path):
    """To the last bit the same training, whatever the labels that are not given."""
    labels = jobs.data().train_labels
    made = [job(cls, data=with_labels(given)) for given in (labels, dealt(labels))]
    assert torch.equal(made[0].data.hidden["given"], made[1].data.hidden["given"])
    assert not torch.equal(made[0].data.hidden["labels"], made[1].data.hidden["labels"])
    for place, each in enumerate(made):
        fitted(each, tmp_path / str(place))
    states = [each.method.state_dict() for each in made]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 0.6])
def test_a_share_of_the_stream_is_of_classes_held_out(share):
    made, trained = mismatched(share=share).data, taken(SOURCE, "train", 100, 10)[0]
    stream = places_of(made.streams["unlabelled"])
    true = KNOWN[stream % 5]
    assert len(stream) == len(stream.unique()) == 60, "as many as of the known classes, none of them twice"
    assert torch.isin(stream, trained).all(), "of the training part alone"
    assert torch.equal(made.hidden["known"], true >= 0) and (true < 0).sum() == round(60 * share)
    assert torch.equal(made.hidden["labels"], true[(true >= 0) & ~made.hidden["given"]])
    # labelled images are of known classes, renumbered, and in the stream
    assert torch.equal(made.train_labels, KNOWN[places_of(made.train_inputs) % 5])
    assert torch.bincount(made.train_labels).tolist() == [2, 2, 2] and made.class_names == ("a", "c", "e")
    assert set(stream[made.hidden["given"]].tolist()) == set(places_of(made.train_inputs).tolist())
    assert made.test_labels.unique().tolist() == [0, 1, 2] and made.valid_labels.unique().tolist() == [0, 1, 2]
    assert len(phases(mismatched(share=share))) == 1 and phases(mismatched(share=share))[0].steps == 6


def test_shares_compare():
    """More unknown images are those of fewer and others, in the place of known ones; who is labelled stays."""
    made = {share: mismatched(share=share) for share in (0.0, 0.25, 0.5)}
    streams = {share: set(places_of(each.data.streams["unlabelled"]).tolist()) for share, each in made.items()}
    unknown = {share: {p for p in found if KNOWN[p % 5] < 0} for share, found in streams.items()}
    assert not unknown[0.0] and unknown[0.25] < unknown[0.5]
    assert streams[0.5] - unknown[0.5] < streams[0.25] - unknown[0.25] < streams[0.0]
    assert torch.equal(made[0.0].data.train_inputs, made[0.5].data.train_inputs)
    again, other = mismatched(FixMatch), mismatched(seed=1)
    assert torch.equal(again.data.streams["unlabelled"], made[0.5].data.streams["unlabelled"])
    assert set(places_of(other.data.streams["unlabelled"]).tolist()) != streams[0.5]


def test_a_place_in_the_stream_does_not_tell_who_is_unknown():
    known = torch.stack([mismatched(seed=seed).data.hidden["known"] for seed in range(100)]).double()
    assert (known.mean(0) - 0.5).abs().max() < 0.25
    assert not (known == known[0]).all()


@pytest.mark.parametrize("cls", METHODS)
def test_what_trains_is_told_nothing_of_unknown_classes(cls, tmp_path):
    """The same training to the last bit when images in the stream, unknown and not labelled, swap their labels."""
    made = [mismatched(cls), mismatched(cls)]
    hidden = made[1].data.hidden
    hidden["known"] = hidden["given"] | ~hidden["known"]
    hidden["labels"] = hidden["labels"].flip(0)
    for place, each in enumerate(made):
        fitted(each, tmp_path / str(place))
    states = [each.method.state_dict() for each in made]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())
    assert list(made[0].method.head.parameters())[-1].shape == (3,)


def test_too_few_unlabelled_or_unknown_for_the_share():
    given = torch.arange(10) < 6
    assert (mixed(given, 4, 0.4, torch.Generator()) >= 10).sum() == 4
    for unknown, share in ((3, 0.4), (9, 0.5)):
        with pytest.raises(
            UserError, match=rf"unknown_share = {share}: \d inputs must make way .* make the share small"
        ):
            mixed(given, unknown, share, torch.Generator())


class Peeking(SemiSupervised):
    """Keeps all that a method is ever handed."""

    paper = ""

    def build(self, context):
        super().build(context)
        self.handed = [context]

    def start_phase(self, phase, training):
        self.handed.append(training)

    def renew(self, epoch, training):
        self.handed.append(training)

    def fetch(self, inputs, indices):
        self.handed += [inputs, indices]
        return super().fetch(inputs, indices)

    def loss(self, batch):
        self.handed.append(batch)
        return super().loss(batch)

    def unlabelled_loss(self, batch, *logits):
        self.handed.append(batch)
        return sum(view.sum() * 0 for view in logits)


@pytest.mark.parametrize("make", [job, mismatched])
def test_a_method_is_handed_no_hidden_label(make, tmp_path):
    made = make(Peeking)
    fitted(made, tmp_path)
    handed = made.method.handed
    streams = [part["unlabelled"] for part in handed if isinstance(part, Batch) and part.streams]
    assert streams and all((stream.labels == -1).all() for stream in streams)
    training = [part for part in handed if isinstance(part, loop.TrainingSet)]
    assert training and all(len(part.labels) == len(part.inputs) == 6 for part in training)
    context = handed[0]
    assert context.train_examples == 6 and context.class_counts == (2, 2, 2)
    assert torch.equal(context.streams["unlabelled"], made.data.streams["unlabelled"])
    hidden = (jobs.data().train_labels, *(made.data.hidden[name] for name in ("labels", "given", "known")))
    assert not any(torch.equal(value, secret) for value in all_tensors(handed) for secret in hidden)


class Recording(FixMatch):
    """Keeps the batches, the stream's with its sizes."""

    def build(self, context):
        super().build(context)
        self.context, self.seen = context, []

    def loss(self, batch):
        self.seen.append(batch)
        return super().loss(batch)


def test_an_epoch_has_the_steps_of_all_images_however_few_are_labelled(tmp_path):
    for labelled in (3, 6, 30, None):
        made = job(Recording, labelled=labelled, unlabelled_ratio=3)
        (phase,) = phases(made)
        assert phase.steps == 4 and (phase.first, phase.last) == (0, 2)
        fitted(made, tmp_path / str(labelled))
        seen = made.method.seen
        assert len(seen) == 8 and made.method.context.steps_per_epoch == 4
        assert all(len(batch.indices) == 10 and len(batch["unlabelled"].indices) == 30 for batch in seen)
        # in an epoch's order no image comes again before all have come
        size = len(made.data.train_labels)
        order = torch.cat([batch.indices for batch in seen[:4]])
        for start in range(0, len(order) - size + 1, size):
            assert len(order[start : start + size].unique()) == size
        order = torch.cat([batch["unlabelled"].indices for batch in seen[:4]])
        assert torch.bincount(order).tolist() == [3] * 40
        assert all(len(batch["unlabelled"].views) == 2 for batch in seen)


class RecordingAlone(CrossEntropy):
    def build(self, context):
        super().build(context)
        self.seen = []

    def loss(self, batch):
        self.seen.append(batch)
        return super().loss(batch)


def test_methods_see_the_same_labelled_batches(tmp_path):
    alone, beside = job(RecordingAlone), job(Recording)
    for made in (alone, beside):
        fitted(made, tmp_path / type(made.method).__name__)
    for one, other in zip(alone.method.seen, beside.method.seen, strict=True):
        assert not one.streams and torch.equal(one.indices, other.indices)
        assert torch.equal(one.views[0], other.views[0]) and torch.equal(one.labels, other.labels)


def test_an_interrupted_run_ends_with_the_numbers_of_an_uninterrupted_one(tmp_path):
    class KilledError(BaseException):
        pass

    def killed(row):
        if row["epoch"] == 2:
            raise KilledError

    straight = job(FixMatch, threshold=0.3)
    fitted(straight, tmp_path / "straight")
    (tmp_path / "killed").mkdir()
    with pytest.raises(KilledError):
        fitted(job(FixMatch, threshold=0.3), tmp_path / "killed", killed, 0.0)
    resumed = job(FixMatch, threshold=0.3)
    fitted(resumed, tmp_path / "killed", pause=0.0)
    found = resumed.method.state_dict()
    assert all(torch.equal(value, found[name]) for name, value in straight.method.state_dict().items())


def test_metrics_of_what_was_unlabelled(tmp_path):
    made = job()
    fitted(made, tmp_path)
    evidence = Evidence(made)
    with torch.no_grad():
        values, examples, _ = metrics.measure(evidence, ["unlabelled_top1", "unlabelled_sure", "top1"])
    hidden = ~made.data.hidden["given"]
    with torch.no_grad():
        plain = (jobs.data().train_inputs[hidden].float() / 255 - 0.5) / 0.25
        logits = made.method.eval().logits(made.method.encoder(plain))
    right = logits.argmax(1) == jobs.data().train_labels[hidden]
    assert examples["unlabelled_top1"].tolist() == (100 * right.double()).tolist() and len(right) == 34
    assert values["unlabelled_sure"] == pytest.approx(100 * (logits.softmax(1).amax(1) >= 0.95).double().mean().item())
    assert len(examples["top1"]) == 12


def test_without_hidden_labels_there_is_nothing_to_measure(tmp_path):
    made = job(labelled=None)
    fitted(made, tmp_path)
    with torch.no_grad():
        found = metrics.measure(Evidence(made), ["unlabelled_top1", "unlabelled_sure"])
    assert not found.values and found.absent.keys() == {"unlabelled_top1", "unlabelled_sure"}


WANTED = ["used", "pseudo_right", "invaded", "passes", "images_seen", "pseudo_course"]


def test_metrics_of_pseudo_labels(tmp_path):
    """By hand, from logits of plain views; unknown images are among what is used, and never right."""
    made = mismatched(FixMatch, threshold=0.4)
    fitted(made, tmp_path)
    with torch.no_grad():
        values = metrics.measure(Evidence(made), WANTED).values
        stream = made.data.streams["unlabelled"]
        p = made.method.eval().logits(made.method.encoder((stream.float() / 255 - 0.5) / 0.25)).softmax(1)
    hidden, true = ~made.data.hidden["given"], KNOWN[places_of(stream) % 5]
    (confidence, classes), true = p[hidden].max(1), true[hidden]
    sure = confidence >= 0.4
    assert 0 < sure.sum() < len(sure) == 54 and (true < 0).sum() == 30
    assert values["used"] == pytest.approx(100 * sure.double().mean().item())
    assert values["pseudo_right"] == pytest.approx(100 * (classes == true)[sure].double().mean().item())
    assert values["invaded"] == pytest.approx(100 * (true < 0)[sure].double().mean().item())
    assert values["invaded_used"] == pytest.approx(100 * sure[true < 0].double().mean().item())


def test_what_lies_behind_pseudo_labels(tmp_path):
    """Of the inputs without label, in their order; norms are of two augmentations, and the same whenever asked."""
    for cls, names in ((SimMatchV2, {"own", "spread"}), (ShrinkMatch, {"aligned", "kept"}), (FixMatch, set())):
        made = mismatched(cls)
        fitted(made, tmp_path / cls.__name__)
        evidence, hidden = Evidence(made), ~made.data.hidden["given"]
        assert evidence.beliefs.keys() == names
        plain = (made.data.streams["unlabelled"][hidden].float() / 255 - 0.5) / 0.25
        with torch.no_grad():
            want = made.method.eval().beliefs(plain) if names else {}
        for name, found in evidence.beliefs.items():
            assert found.shape == (len(evidence.hidden_labels), 3)
            torch.testing.assert_close(found, want[name])
        norms = evidence.view_norms
        assert norms.shape == (len(made.data.streams["unlabelled"]), 2) and not torch.equal(*norms.unbind(1))
        assert torch.equal(norms, Evidence(made).view_norms)
    assert Evidence(mismatched()).beliefs == {}


def test_what_labels_nothing_has_no_pseudo_labels(tmp_path):
    made = mismatched()
    fitted(made, tmp_path)
    with torch.no_grad():
        found = metrics.measure(Evidence(made), WANTED)
    assert found.values == {"passes": 1.0, "images_seen": 2 * 6 * 10 / 1000}
    assert found.absent.keys() == {"used", "pseudo_right", "invaded", "pseudo_course"}


@pytest.mark.parametrize(
    ("cls", "passes"),
    [(CrossEntropy, 1), (PseudoLabel, 4), (FixMatch, 7), (MeanTeacher, 11), (MixMatch, 13), (FSTD, 40), (FSTW, 40)],
)
def test_passes_are_counted(cls, passes, tmp_path):
    """Of FixMatch with three unlabelled images for each labelled one: itself and two views of each of those.

    A teacher sees labelled images and weak views; two views are labelled before they are mixed. Those that look three
    steps ahead take four such steps, and in each a teacher sees the weak view once more.
    """
    made = job(cls, **({} if cls is CrossEntropy else {"unlabelled_ratio": 3}))
    fitted(made, tmp_path)
    before, drawn = {name: value.clone() for name, value in made.method.state_dict().items()}, torch.get_rng_state()
    evidence = Evidence(made)
    assert evidence.passes == passes and evidence.images_seen == 2 * 4 * 10 * passes
    assert all(torch.equal(value, before[name]) for name, value in made.method.state_dict().items())
    assert torch.equal(torch.get_rng_state(), drawn)


class Taught(FixMatch):
    """A member with a second network of the encoder's kind, through which weak views pass once more, in two phases."""

    phases = (0.5, 0.5)

    def build(self, context):
        super().build(context)
        self.teacher = copy.deepcopy(self.encoder)

    def unlabelled_loss(self, batch, *logits):
        if self.phase:
            self.teacher(batch.views[0])
        return super().unlabelled_loss(batch, *logits)


def test_passes_of_a_teacher_and_of_phases_are_counted(tmp_path):
    made = job(Taught, unlabelled_ratio=2)
    fitted(made, tmp_path)
    assert Evidence(made).steps == [(4, 10 * 5), (4, 10 * 7)] and Evidence(made).passes == 6


def test_epochs_may_have_steps_of_their_own(tmp_path):
    made = prepare(unprepared(Recording, 0, None, {}, labelled_examples=6, epoch_steps=3))
    (phase,) = phases(made)
    assert phase.steps == 3
    fitted(made, tmp_path)
    assert len(made.method.seen) == 6


def test_watched_epochs_tell_of_pseudo_labels(tmp_path):
    made = mismatched(FixMatch, threshold=0.4)
    rows = loop.fit(made, phases(made), checkpoint.Kept(tmp_path, "test"), 1e9, lambda row: None, watch)
    found = Evidence(dataclasses.replace(made, history=rows))
    values = metrics.measure(found, WANTED[-1:]).values
    assert [row.keys() >= {"used", "pseudo_right", "test_top1"} for row in rows] == [True, True]
    assert (
        values["pseudo_course_used_50"] == rows[0]["used"]
        and values["pseudo_course_right_100"] == rows[1]["pseudo_right"]
    )
    # what is watched is what is measured, but for the average of weights, which only the end has
    assert watch(made)["used"] == pytest.approx(metrics.measure(found, ["used"]).values["used"])
    assert watch(made)["pseudo_right"] == pytest.approx(metrics.measure(found, ["pseudo_right"]).values["pseudo_right"])
    every = job(FixMatch, labelled=None)
    fitted(every, tmp_path / "every")
    assert watch(every).keys() == {"test_top1"}
    alone = mismatched()
    fitted(alone, tmp_path / "alone")
    assert watch(alone).keys() == {"test_top1"}


def check(**budget):
    Budget.model_validate({"epochs": 1, "optimizer": OPTIMIZER, **budget}).check(DATASET, "s.yaml")


HALF = {"labelled_examples": 20, "held_out_classes": [0, 2, 4, 6, 8], "unknown_share": 0.6, "train_examples": 1000}


def test_what_a_study_may_ask_for():
    check(**HALF)
    check(**{**HALF, "unknown_share": 0.0, "labelled_examples": None})
    for outside in (1.0, -0.1):
        with pytest.raises(ValueError, match="unknown_share"):
            check(**{**HALF, "unknown_share": outside})
    check(labelled_examples=40)
    check(labelled_examples=9, held_out_classes=[4])
    check(labelled_examples=None, label_noise={"rate": 0.2})
    assert Budget.model_validate({"epochs": 1, "optimizer": OPTIMIZER}).streams() == ("unlabelled",)
    for budget, message in (
        ({"labelled_examples": 42}, "labelled_examples = 42: must be a multiple of the 10 classes"),
        ({"labelled_examples": 600, "train_examples": 500}, "must be at most the 500 training examples"),
        ({"labelled_examples": 40, "imbalance": 10.0}, "take imbalance out"),
        ({"labelled_examples": 40, "label_noise": {"rate": 0.2}}, "take label_noise out"),
        (
            {"labelled_examples": 40, "unknown_share": 0.5},
            "unknown_share = 0.5: is of the classes in held_out_classes, w",
        ),
        ({**HALF, "labelled_examples": None}, "unknown_share = 0.6: labelled_examples = null leaves no input to take"),
        (
            {**HALF, "held_out_classes": [2, 4]},
            "unknown_share = 0.6: must be at most 0.25, or held_out_classes have too",
        ),
        ({**HALF, "labelled_examples": 400}, "unknown_share = 0.6: must be at most 0.2, as the labelled inputs stay"),
    ):
        with pytest.raises(UserError, match=message):
            check(**budget)
