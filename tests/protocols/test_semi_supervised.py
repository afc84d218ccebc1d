"""Hidden labels: who is labelled, that nothing which trains can know the others, and what an epoch is."""

import dataclasses

import pytest
import torch

from pipeline import metrics
from pipeline.contract import Batch
from pipeline.errors import UserError
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.semi_supervised import SemiSupervised
from pipeline.methods.semi_supervised.fixmatch import FixMatch
from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET
from pipeline.protocols.semi_supervised import Budget
from pipeline.protocols.semi_supervised.run import Evidence, per_class, phases, prepare
from pipeline.training import checkpoint, loop
from tests.kit import jobs
from tests.kit.methods import members

AUGMENTATION = {"shift": 1, "flip": 0.5, "strong": {"shift": 2, "cutout": 0.5}}
METHODS = [CrossEntropy, *members("semi_supervised")]
OPTIMIZER = {"name": "sgd", "learning_rate": 0.05}


def job(cls=CrossEntropy, labelled=6, seed=0, data=None, **settings):
    method = cls(**settings)
    budget = {"labelled_examples": labelled, "augmentation": AUGMENTATION, "weight_average": 0.5}
    return prepare(jobs.job(method, "semi_supervised", data, seed, **budget))


def fitted(made, folder, report=lambda row: None, pause=1e9):
    return loop.fit(made, phases(made), checkpoint.Kept(folder / "state", "test"), pause, report)


def with_labels(labels):
    """The data with these training labels."""
    return dataclasses.replace(jobs.data(), train_labels=labels, true_labels=labels)


def all_tensors(value):
    """Every tensor within an object of this package, or in containers of such."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from all_tensors(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from all_tensors(part)
    elif dataclasses.is_dataclass(value) or isinstance(value, loop.TrainingSet):
        yield from all_tensors(vars(value))


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


def test_a_method_is_handed_no_hidden_label(tmp_path):
    made = job(Peeking)
    fitted(made, tmp_path)
    handed = made.method.handed
    streams = [part["unlabelled"] for part in handed if isinstance(part, Batch) and part.streams]
    assert streams and all((stream.labels == -1).all() for stream in streams)
    training = [part for part in handed if isinstance(part, loop.TrainingSet)]
    assert training and all(len(part.labels) == len(part.inputs) == 6 for part in training)
    context = handed[0]
    assert context.train_examples == 6 and context.class_counts == (2, 2, 2)
    assert torch.equal(context.streams["unlabelled"], jobs.data().train_inputs)
    hidden = (jobs.data().train_labels, made.data.hidden["labels"], made.data.hidden["given"])
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


def check(**budget):
    Budget.model_validate({"epochs": 1, "optimizer": OPTIMIZER, **budget}).check(DATASET, "s.yaml")


def test_what_a_study_may_ask_for():
    check(labelled_examples=40)
    check(labelled_examples=9, held_out_classes=[4])
    check(labelled_examples=None, label_noise={"rate": 0.2})
    assert Budget.model_validate({"epochs": 1, "optimizer": OPTIMIZER}).streams() == ("unlabelled",)
    for budget, message in (
        ({"labelled_examples": 42}, "labelled_examples = 42: must be a multiple of the 10 classes"),
        ({"labelled_examples": 600, "train_examples": 500}, "must be at most the 500 training examples"),
        ({"labelled_examples": 40, "imbalance": 10.0}, "take imbalance out"),
        ({"labelled_examples": 40, "label_noise": {"rate": 0.2}}, "take label_noise out"),
    ):
        with pytest.raises(UserError, match=message):
            check(**budget)
