"""Unseen classes: their attributes are known, nothing else of them reaches a method; and what is evaluated."""

import dataclasses

import pytest
import torch

from pipeline import metrics
from pipeline.errors import UserError
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.zero_shot import ZeroShot
from pipeline.methods.zero_shot.attribute_regression import AttributeRegression
from pipeline.methods.zero_shot.cada_vae import CADAVAE
from pipeline.methods.zero_shot.crest import CREST
from pipeline.methods.zero_shot.dap import DAP
from pipeline.methods.zero_shot.devise import DeViSE
from pipeline.methods.zero_shot.eszsl import ESZSL
from pipeline.methods.zero_shot.f_clswgan import FCLSWGAN
from pipeline.methods.zero_shot.feature_softmax import FeatureSoftmax
from pipeline.modalities import Prepared, sharing
from pipeline.modalities.images.datasets.fashion_mnist_small import DATASET
from pipeline.protocols.zero_shot import Budget, Split
from pipeline.protocols.zero_shot.run import Evidence, class_split, phases, prepare
from pipeline.training import checkpoint, loop
from tests.kit import jobs
from tests.kit.tensors import all_tensors

CLASSES = 16
NAMES = "abcdefghijklmnop"
SPLIT = {"seen": 9, "validation": 2, "unseen": 3}
ATTRIBUTES = torch.tensor([[(c >> bit & 3) == value for bit in (0, 2) for value in range(4)] for c in range(CLASSES)])
"""Two letters of four each, so that a class is a combination."""


@dataclasses.dataclass(frozen=True)
class Annotated(Prepared):
    further: dict = dataclasses.field(default_factory=dict)


def source():
    """Images tell their place and split in their first two pixels."""
    make = torch.Generator().manual_seed(0)
    parts = []
    for split, count in ((0, 160), (1, 96)):
        images = torch.randint(0, 256, (count, 1, 8, 8), dtype=torch.uint8, generator=make)
        images[:, 0, 0, 0], images[:, 0, 0, 1] = torch.arange(count).to(torch.uint8), split
        parts += [images, torch.arange(count) % CLASSES]
    further = {"class_attributes": ATTRIBUTES.to(torch.uint8)}
    return Annotated("sixteen", *parts, (0.5,), (0.25,), tuple(NAMES), (1, 8, 8), "", further)


def job(cls=CrossEntropy, prepared=None, base=None, settings=None, seed=0, **budget):
    prepared = prepared or source()
    budget = {"classes": SPLIT, **budget}
    made = jobs.job(cls(**(settings or {})), "zero_shot", None, seed, dataset="sixteen", **budget)
    data = sharing.share(prepared, made.settings, made.draws, torch.device("cpu"))
    return prepare(dataclasses.replace(made, data=data, load=lambda key: prepared, base=base))


def fitted(made, folder):
    return loop.fit(made, phases(made), checkpoint.Kept(folder, "test"), 1e9, lambda row: None)


def trained_base(folder, **given):
    made = job(**given)
    fitted(made, folder / "base")
    return made.method.eval().requires_grad_(False)


def places_of(images):
    return images[:, 0, 0, 0].long(), images[:, 0, 0, 1].long()


def classes_of(images):
    return places_of(images)[0] % CLASSES


def numbers(made):
    return [NAMES.index(name) for name in made.data.class_names]


def test_unseen_classes_are_new_combinations_of_known_attributes():
    made = job(classes={**SPLIT, "seen": 11, "support": 2})
    seen, unseen = numbers(made)[:11], numbers(made)[11:]
    assert len(unseen) == 3 and not set(seen) & set(unseen)
    assert (ATTRIBUTES[seen].sum(0)[ATTRIBUTES[unseen].any(0)] >= 2).all()
    assert set(classes_of(made.data.train_inputs).tolist()) == set(seen)
    assert (places_of(made.data.train_inputs)[1] == 0).all()
    assert set(classes_of(made.data.test_inputs).tolist()) == {*seen, *unseen}
    assert (places_of(made.data.test_inputs)[1] == 1).all() and len(made.data.test_inputs) == 14 * 6
    assert torch.equal(torch.tensor(numbers(made))[made.data.test_labels], classes_of(made.data.test_inputs))
    for name, own in (("seen", seen), ("unseen", unseen)):
        assert torch.equal(made.data.streams[f"{name}_attributes"], ATTRIBUTES[own].float())


def test_the_split_is_of_the_data_set_alone():
    assert job().data.class_names == job(seed=1).data.class_names


def test_rare_attributes_leave_until_there_are_none():
    owned = torch.tensor([[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, 1, 0], [1, 1, 0], [1, 1, 0]])
    parts = class_split(owned, Split(seen=2, validation=1, unseen=2, least=3), torch.Generator().manual_seed(0))
    # the third attribute is of two classes alone, which go
    assert sorted(torch.cat(parts).tolist()) == [0, 1, 4, 5, 6]


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"seen": 9, "validation": 2, "unseen": 3, "least": 9}, "cannot be had of 0 classes"),
        ({"seen": 2, "validation": 2, "unseen": 3, "support": 2}, "fewer than 2 of them have some attribute"),
    ],
)
def test_what_cannot_be_had_is_said(split, message):
    with pytest.raises(UserError, match=message):
        job(classes=split)


def test_a_search_looks_at_validation_classes_and_at_examples_that_were_kept_out():
    made, final = job(validation_examples=32, evaluate_on="validation"), job(validation_examples=32)
    unseen, validation = numbers(final)[9:], numbers(made)[9:]
    assert len(validation) == 2 and not set(validation) & set(unseen) and numbers(made)[:9] == numbers(final)[:9]
    tested = places_of(made.data.test_inputs)
    assert (tested[1] == 0).all() and not set(tested[0].tolist()) & set(places_of(made.data.train_inputs)[0].tolist())
    # all ten images of the validation classes, and two of each seen one
    assert torch.bincount(made.data.test_labels).tolist() == [2] * 9 + [10] * 2
    assert torch.equal(made.data.train_inputs, final.data.train_inputs)


def test_what_methods_are_given_depends_on_what_is_evaluated():
    assert "evaluate_on" not in Budget.model_fields["classes"].metadata
    made = jobs.schema("zero_shot").model_validate({**jobs.PROTOCOL, "classes": SPLIT})
    assert "evaluate_on" not in made.not_trained_on() and "test_examples" in made.not_trained_on()


def test_shots_are_training_images_of_unseen_classes():
    made = job(shots=3)
    assert torch.bincount(made.data.train_labels).tolist() == [10] * 9 + [3] * 3
    assert (places_of(made.data.train_inputs)[1] == 0).all()
    searched = job(shots=3, validation_examples=32, evaluate_on="validation")
    trained, tested = (
        set(places_of(each)[0].tolist()) for each in (searched.data.train_inputs, searched.data.test_inputs)
    )
    assert not trained & tested and torch.bincount(searched.data.test_labels)[9:].tolist() == [7, 7]


def test_shots_are_drawn_by_seed_and_the_more_have_the_fewer():
    few, more, other = (
        made.data.train_inputs[made.data.train_labels >= 9]
        for made in (job(shots=2), job(shots=4), job(shots=2, seed=1))
    )
    first, all_of_them, second = (set(places_of(each)[0].tolist()) for each in (few, more, other))
    assert first < all_of_them and first != second
    assert torch.bincount(job(shots=99).data.train_labels).tolist() == [10] * 12


class Peeking(DeViSE):
    """Keeps all that a method is ever handed."""

    def build(self, context):
        super().build(context)
        self.handed = [context]

    def start_phase(self, phase, training):
        super().start_phase(phase, training)
        self.handed.append(training)

    def fetch(self, inputs, indices):
        self.handed += [inputs, indices]
        return super().fetch(inputs, indices)

    def loss(self, batch):
        self.handed.append(batch)
        return super().loss(batch)


def test_a_method_is_handed_nothing_of_unseen_classes_but_their_attributes(tmp_path):
    made = job(Peeking, base=trained_base(tmp_path))
    fitted(made, tmp_path / "own")
    seen = set(numbers(made)[:9])
    handed = [each for each in made.method.handed if each is not made.method.handed[0]]
    images = [each for each in all_tensors(handed) if each.dtype == torch.uint8 and each.ndim == 4]
    assert images and all(set(classes_of(each).tolist()) <= seen for each in images)
    labels = [each.labels for each in handed if hasattr(each, "labels")]
    assert labels and all(int(each.max()) < 9 for each in labels)
    context = made.method.handed[0]
    assert set(context.streams) == {"seen_attributes", "unseen_attributes"}
    secrets = (made.data.test_inputs, made.data.test_labels)
    assert not any(torch.equal(each, secret) for each in all_tensors([context, *handed]) for secret in secrets)


@pytest.mark.parametrize("cls", [ESZSL, AttributeRegression, DAP, DeViSE, CADAVAE, FCLSWGAN, CREST, FeatureSoftmax])
def test_images_of_unseen_classes_change_no_weight(cls, tmp_path):
    """To the last bit the same training, whatever those images are; the base included."""
    plain, spoilt = source(), source()
    others = ~torch.isin(spoilt.train_labels, torch.tensor(numbers(job())[:9]))
    spoilt.train_inputs[others] = 255 - spoilt.train_inputs[others]
    states = []
    for place, prepared in enumerate((plain, spoilt)):
        folder = tmp_path / str(place)
        folder.mkdir()
        made = job(cls, prepared, trained_base(folder, prepared=prepared))
        fitted(made, folder / "own")
        states.append(made.method.state_dict())
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


class Cheating(ZeroShot):
    """Learns which classes its training images are of: the test above would show it, if these were unseen ones."""

    paper = ""
    phases = (0.0,)

    def start_phase(self, phase, training):
        super().start_phase(phase, training)
        self.attributes[: self.known] += self.stored.mean()

    def logits(self, features):
        return features[:, :1] @ self.attributes[:, :1].T


def test_peeking_would_be_seen(tmp_path):
    """With shots images of unseen classes are there, and the same change to them reaches what is learned."""
    states = []
    for place in (0, 1):
        prepared, folder = source(), tmp_path / str(place)
        folder.mkdir()
        if place:
            others = torch.isin(prepared.train_labels, torch.tensor(numbers(job())[9:]))
            prepared.train_inputs[others] = 0
        made = job(Cheating, prepared, trained_base(folder), shots=10)
        fitted(made, folder / "own")
        states.append(made.method.attributes)
    assert not torch.equal(*states)


MEASURED = ["gzsl_h", "gzsl_seen", "gzsl_unseen", "zsl_top1", "ausuc", "synthesis_error", "doubt_auroc"]


@pytest.mark.parametrize("cls", [CrossEntropy, ESZSL, FCLSWGAN])
def test_evidence_against_slow_counting(cls, tmp_path):
    made = job(cls, base=None if cls is CrossEntropy else trained_base(tmp_path))
    fitted(made, tmp_path / "own")
    with torch.no_grad():
        evidence = Evidence(made)
        values, _, absent = metrics.measure(evidence, MEASURED)
        arrays = evidence.arrays()
        scores, labels = evidence.class_scores, made.data.test_labels
    right = [[], []]
    alone = []
    for label in range(12):
        rows = scores[labels == label]
        right[label >= 9].append(float((rows.argmax(1) == label).double().mean()))
        if label >= 9:
            alone.append(float((rows[:, 9:].argmax(1) + 9 == label).double().mean()))
    for name, shares in (("gzsl_seen", right[0]), ("gzsl_unseen", right[1]), ("zsl_top1", alone)):
        assert values[name] == pytest.approx(100 * sum(shares) / len(shares))
    assert ("synthesis_error" in values) == (cls is FCLSWGAN) == ("made_plane" in arrays) and "doubt_auroc" in absent
    if cls is FCLSWGAN:
        assert len(arrays["made_plane"]) == len(arrays["made_labels"]) == len(arrays["made_from"]) == 3 * 6 + 3 * 40


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"held_out_classes": [1]}, "held_out_classes: names classes"),
        ({"classes": {**SPLIT, "seen": 1}}, "classes.seen = 1: must be two or more"),
        ({"classes": {**SPLIT, "seen": 90}}, "classes: 95 in all, and 'fashion_mnist_small' has 10"),
    ],
)
def test_what_a_data_set_cannot_serve_is_refused(changes, message):
    described = dataclasses.replace(DATASET)
    object.__setattr__(described, "further", {"class_attributes": None})
    budget = jobs.schema("zero_shot").model_validate({**jobs.PROTOCOL, "classes": SPLIT, **changes})
    with pytest.raises(UserError, match=message):
        budget.check(described, "here")
    with pytest.raises(UserError, match="has no attributes"):
        jobs.schema("zero_shot").model_validate({**jobs.PROTOCOL, "classes": SPLIT}).check(DATASET, "here")
