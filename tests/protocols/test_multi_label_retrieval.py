"""Queries are made of the images of their split and of nothing else, labels are what they show, documents are known."""

import dataclasses

import pytest
import torch

from pipeline.errors import UserError
from pipeline.methods.label_retrieval.decoupled_softmax import DecoupledSoftmax
from pipeline.methods.label_retrieval.label_frequency import LabelFrequency
from pipeline.methods.label_retrieval.ngame import NGAME
from pipeline.modalities import Prepared, sharing
from pipeline.modalities.images.datasets import fashion_mnist_small, glyphs
from pipeline.protocols.multi_label_retrieval import Budget
from pipeline.protocols.multi_label_retrieval.run import Evidence, in_cells, label_choice, label_sets, phases, prepare
from pipeline.training import checkpoint, loop
from pipeline.training.evidence import evaluate
from tests.kit import jobs
from tests.kit.tensors import all_tensors

CLASSES, SIDE = 12, 4
TOPICS = torch.arange(CLASSES) // 3
QUERIES = {"labels": 8, "queries": 90, "test_queries": 50}
METRICS = ["precision_1", "precision_3", "precision_5", "psp_5", "recall_10", "recall_100", "positive_gap"]


@dataclasses.dataclass(frozen=True)
class Annotated(Prepared):
    further: dict = dataclasses.field(default_factory=dict)


def source():
    """Each image's pixels are its class, but for the first two, which are its place and its split."""
    parts = []
    for split, count in ((0, 96), (1, 60)):
        classes = torch.arange(count) % CLASSES
        images = classes[:, None, None, None].expand(count, 1, SIDE, SIDE).to(torch.uint8).clone()
        images[:, 0, 0, 0], images[:, 0, 0, 1] = torch.arange(count).to(torch.uint8), split
        parts += [images, classes]
    documents = 100 + torch.arange(CLASSES)[:, None, None, None].expand(CLASSES, 1, SIDE, SIDE).to(torch.uint8)
    further = {"class_images": documents, "class_coarse": TOPICS}
    return Annotated("twelve", *parts, (0.5,), (0.25,), tuple("abcdefghijkl"), (1, SIDE, SIDE), "", further)


def job(cls=DecoupledSoftmax, prepared=None, seed=0, settings=None, **budget):
    prepared = prepared or source()
    made = jobs.job(cls(**(settings or {})), "multi_label_retrieval", None, seed, **{**QUERIES, **budget})
    made = dataclasses.replace(made, settings={**made.settings, "dataset": "twelve"})
    data = sharing.share(prepared, made.settings, made.draws, torch.device("cpu"))
    return prepare(dataclasses.replace(made, data=data, load=lambda key: prepared))


def cells_of(images):
    """(N, 4) the class, place and split of what is in each cell."""
    corners = images.unflatten(2, (2, SIDE)).unflatten(4, (2, SIDE))[:, 0].permute(0, 1, 3, 2, 4).flatten(1, 2).long()
    return corners[:, :, 1, 1], corners[:, :, 0, 0], corners[:, :, 0, 1]


def numbers(made):
    return torch.tensor(["abcdefghijkl".index(name) for name in made.data.class_names])


def test_labels_are_what_a_query_shows():
    made = job()
    for images, labels, count in (
        (made.data.train_inputs, made.data.train_labels, 90),
        (made.data.test_inputs, made.data.test_labels, 50),
    ):
        assert images.shape == (count, 1, 2 * SIDE, 2 * SIDE) and images.dtype == torch.uint8
        assert labels.shape == (count, 8) and labels.dtype == torch.float32
        classes, _, _ = cells_of(images)
        for row, shown in zip(labels, classes.tolist(), strict=True):
            assert {numbers(made)[label].item() for label in row.nonzero().flatten()} == set(shown)
        assert set(labels.sum(1).tolist()) == {1, 2, 3, 4}
    assert torch.equal(made.data.streams["label_images"][:, 0, 0, 0].long(), 100 + numbers(made))


def test_queries_are_of_their_own_split_alone():
    made = job(validation_examples=24)
    searched = job(validation_examples=24, evaluate_on="validation")
    _, trained, split = cells_of(made.data.train_inputs)
    assert (split == 0).all() and (cells_of(made.data.test_inputs)[2] == 1).all()
    _, tested, split = cells_of(searched.data.test_inputs)
    assert (split == 0).all() and not set(tested.flatten().tolist()) & set(trained.flatten().tolist())
    assert torch.equal(made.data.train_inputs, searched.data.train_inputs)


class Peeking(DecoupledSoftmax):
    """Keeps all that a method is ever handed."""

    def build(self, context):
        super().build(context)
        self.handed = [context]

    def renew(self, epoch, training):
        self.handed.append(training)

    def loss(self, batch):
        self.handed.append(batch)
        return super().loss(batch)


def test_nothing_of_the_test_split_reaches_a_method(tmp_path):
    made = job(Peeking)
    loop.fit(made, phases(made), checkpoint.Kept(tmp_path / "state", "test"), 1e9, lambda row: None)
    tested = made.data.test_inputs
    pointers = {tested.data_ptr(), made.data.test_labels.data_ptr()}
    for handed in made.method.handed:
        for tensor in all_tensors(handed):
            assert tensor.data_ptr() not in pointers
            if tensor.shape[1:] == tested.shape[1:] and tensor.dtype == torch.uint8:
                assert (cells_of(tensor)[2] == 0).all()


def test_the_choice_of_labels_is_the_data_set_s_and_queries_are_the_seed_s():
    first, other, again = job(), job(seed=1), job(NGAME)
    assert first.data.class_names == other.data.class_names
    assert not torch.equal(first.data.train_inputs, other.data.train_inputs)
    assert torch.equal(first.data.train_inputs, again.data.train_inputs)
    assert torch.equal(first.data.test_labels, again.data.test_labels)


def test_labels_are_whole_topics_but_for_the_last():
    chosen = label_choice(TOPICS, 8, torch.Generator().manual_seed(0))
    assert len(chosen.unique()) == 8 and sorted(torch.bincount(TOPICS[chosen], minlength=4).tolist()) == [0, 2, 3, 3]
    assert not torch.equal(chosen, chosen.sort().values)


def test_held_out_classes_are_no_labels():
    made = job(held_out_classes=[0, 5], labels=10)
    assert not {"a", "f"} & set(made.data.class_names) and len(made.data.class_names) == 10
    assert torch.equal(made.data.streams["label_images"][:, 0, 0, 0].long(), 100 + numbers(made))
    shown = {c for row in cells_of(made.data.train_inputs)[0].tolist() for c in row}
    assert shown <= set(numbers(made).tolist())


def test_frequencies_fall_from_the_first_label_to_the_last():
    weights = 100.0 ** (-torch.arange(5) / 4)
    drawn = label_sets(weights, torch.zeros(5, dtype=torch.long), 40_000, 1, 0.0, torch.Generator().manual_seed(1))
    shares = torch.bincount(drawn.flatten(), minlength=5) / 40_000
    torch.testing.assert_close(shares, weights / weights.sum(), atol=0.01, rtol=0)
    counts = job(queries=4000, frequency_ratio=50.0, labels_shown=[1, 1]).data.class_counts
    assert counts[0] > 5 * counts[-1] > 0


@pytest.mark.parametrize("related", [0.0, 1.0])
def test_further_labels_are_others_and_of_the_topic_where_it_is_asked_for(related):
    drawn = label_sets(torch.ones(CLASSES), TOPICS, 3000, 4, related, torch.Generator().manual_seed(2))
    assert all(len(set(row)) == 4 for row in drawn.tolist())
    near = (TOPICS[drawn[:, 1:3]] == TOPICS[drawn[:, :1]]).float().mean()
    # two others of a topic of three among eleven
    assert near == 1 if related else abs(near - 2 / 11) < 0.02
    # none are left of the topic
    assert (TOPICS[drawn[:, 3]] != TOPICS[drawn[:, 0]]).all() or not related


def test_every_label_has_a_cell():
    cells = in_cells(torch.tensor([1, 2, 3, 4]).repeat(500), torch.Generator().manual_seed(3))
    for row, count in zip(cells.tolist(), [1, 2, 3, 4] * 500, strict=True):
        assert set(row) == set(range(count))
    assert torch.bincount(cells[3::4, 0]).min() > 90


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ({"labels": 2000}, r"labels = 2000: 'glyphs' has \d+ classes"),
        ({"labels_shown": [3, 2]}, r"labels_shown = \[3, 2\]: the lower bound must come first"),
        ({"labels": 3}, r"labels_shown = \[1, 4\]: there are 3 labels in all"),
        ({"batch_size": 91}, "batch_size = 91: must be at most the 90 queries"),
        ({"imbalance": 10.0}, "imbalance: is of images with one label each; take it out"),
        ({"label_noise": {"rate": 0.1}}, "label_noise: is of images with one label each; take it out"),
    ],
)
def test_what_cannot_be_is_said_in_a_line(budget, message):
    made = Budget.model_validate({**jobs.PROTOCOL, **QUERIES, **budget})
    with pytest.raises(UserError, match=f"^s.yaml: {message}$"):
        made.check(glyphs.DATASET, "s.yaml")


def test_a_data_set_without_documents_is_refused():
    made = Budget.model_validate({**jobs.PROTOCOL, **QUERIES})
    with pytest.raises(UserError, match=r"^s\.yaml: data set 'fashion_mnist_small' has no image that stands for each"):
        made.check(fashion_mnist_small.DATASET, "s.yaml")


def test_too_few_labels_with_images_are_refused():
    whole = source()
    few = whole.train_labels < 2
    cut = dataclasses.replace(whole, train_inputs=whole.train_inputs[few], train_labels=whole.train_labels[few])
    with pytest.raises(UserError, match=r"^labels: \d of them have images, and a query shows up to 4$"):
        job(prepared=cut)


@pytest.mark.parametrize("cls", [DecoupledSoftmax, NGAME, LabelFrequency])
def test_a_run_is_trained_and_evaluated(cls, tmp_path):
    made = job(cls, settings={"largest": 4} if cls is NGAME else {}, epochs=3)
    if cls.trains:
        loop.fit(made, phases(made), checkpoint.Kept(tmp_path / "state", "test"), 1e9, lambda row: None)
    else:
        loop.build(made, phases(made))
    shown = Evidence(made)
    found = evaluate(shown, [*METRICS, "hard_in_batch"])
    assert set(METRICS) <= set(found.metrics) and ("hard_in_batch" in found.metrics) == (cls is NGAME)
    assert torch.equal(shown.label_counts, made.data.train_labels.sum(0)) and shown.train_queries == 90
    rows, hits = found.arrays["row_images"], found.arrays["row_hits"]
    assert rows.shape == (8, 9, 1, 2 * SIDE, 2 * SIDE) and hits[:, 0].all()
    assert torch.equal(rows[:, 0], made.data.test_inputs[:8])
    labels = rows[:, 1:, 0, 0, 0].long() - 100
    own = [{numbers(made)[label].item() for label in row.nonzero().flatten()} for row in made.data.test_labels[:8]]
    assert [[c in of for c in row] for row, of in zip(labels.tolist(), own, strict=True)] == hits[:, 1:].tolist()


def test_hard_negatives_are_looked_for_among_the_labels_of_the_last_batch(tmp_path):
    made = job(NGAME, settings={"largest": 4}, epochs=2, queries=30)
    loop.fit(made, phases(made), checkpoint.Kept(tmp_path / "state", "test"), 1e9, lambda row: None)
    shown, method, labels = Evidence(made), made.method, made.data.train_labels
    found = shown.hardest_in_batch
    with torch.no_grad():
        scores = torch.cat([method.scores(part) for part in made.views.plain(made.data.train_inputs)])
    for query in range(30):
        wrong = [label for label in range(8) if not labels[query, label]]
        nearest = sorted(wrong, key=lambda label: -scores[query, label].item())
        batch = {method.last_label[i].item() for i in range(30) if method.last_batch[i] == method.last_batch[query]}
        assert found[query, : len(nearest)].tolist() == [label in batch for label in nearest]
