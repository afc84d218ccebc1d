"""A run's share of a data set: every class in every share, whatever the order of the source, and nothing in two."""

from collections import Counter
from typing import Any

import pytest
import torch
from torch import Tensor

from pipeline.budget import Budget
from pipeline.errors import UserError
from pipeline.modalities import Prepared, describe
from pipeline.modalities.sharing import Data, share, stratified, taken
from pipeline.seeds import Draws

WANTED = {
    **{"held_out_classes": [], "train_examples": None, "validation_examples": 0, "test_examples": None},
    **{"evaluate_on": "test", "imbalance": None},
}


def prepared(labels: Tensor, classes: int = 5, tested: int | None = None) -> Prepared:
    """Images whose first pixel is their place in the split."""
    images = torch.arange(len(labels))[:, None, None, None].expand(-1, 1, 2, 2).contiguous()
    test = slice(0, tested)
    names = tuple("abcdefghij"[:classes])
    return Prepared("x", images, labels, images[test], labels[test], (0.5,), (0.5,), names, (1, 2, 2), "")


def shared(made: Prepared, seed: int = 0, **settings: Any) -> Data:
    return share(made, {**WANTED, **settings}, Draws("study", seed), torch.device("cpu"))


def places(images: Tensor) -> list[int]:
    return images[:, 0, 0, 0].tolist()


def in_class_order(*counts: int) -> Tensor:
    return torch.cat([torch.full((count,), label) for label, count in enumerate(counts)])


def test_classes_in_order_are_in_every_share_in_proportion() -> None:
    made = prepared(in_class_order(40, 80, 20, 40, 20))
    data = shared(made, train_examples=100, validation_examples=20, test_examples=50)
    assert torch.bincount(data.train_labels).tolist() == [16, 32, 8, 16, 8]
    assert torch.bincount(data.valid_labels).tolist() == [4, 8, 2, 4, 2]
    assert torch.bincount(data.test_labels).tolist() == [10, 20, 5, 10, 5]
    assert len(data.spare_inputs) == 100
    train, valid, spare = (places(part) for part in (data.train_inputs, data.valid_inputs, data.spare_inputs))
    assert sorted(train + valid + spare) == list(range(200))
    # drawn among a class's examples, not its first ones, and the same for every seed
    assert max(place for place in train if place < 40) >= 30
    assert places(shared(made, 1, train_examples=100, validation_examples=20).train_inputs) == train
    # as many trained on are the very same, however many are kept out, and fewer are among them
    assert places(shared(made, train_examples=80).train_inputs) == train
    assert places(shared(made, train_examples=150, validation_examples=70).train_inputs) == train
    assert set(places(shared(made, train_examples=30).train_inputs)) < set(train)
    # what goes on with the first so many has all classes too
    assert len(data.train_labels[:5].unique()) == len(data.test_labels[:5].unique()) == 5


@pytest.mark.parametrize("counts", [(500, 2, 2, 300, 9), (3, 3, 3, 3, 3), (1000, 2, 500, 4, 2), (5, 6, 7, 8, 500)])
@pytest.mark.parametrize("kept_out", [5, 6, 8])
def test_a_rare_class_is_in_training_and_in_validation(counts: tuple[int, ...], kept_out: int) -> None:
    for all_of_them in (sum(counts), sum(counts) - 1):
        made = prepared(in_class_order(*counts))
        parts = taken(made, "train", all_of_them - kept_out, kept_out)
        assert [len(part) for part in parts] == [all_of_them - kept_out, kept_out, sum(counts) - all_of_them]
        assert sorted(torch.cat(parts).tolist()) == list(range(sum(counts)))
        for part in parts[:2]:
            assert torch.bincount(made.train_labels[part], minlength=5).min() >= 1


def test_a_class_with_one_example_cannot_be_in_two_shares() -> None:
    made = prepared(in_class_order(20, 20, 1, 20, 20))
    assert 2 in shared(made, train_examples=30).train_labels
    with pytest.raises(UserError, match="class 'c' has one example in the split train, but training and validation"):
        shared(made, train_examples=40, validation_examples=10)


def test_any_beginning_of_the_order_is_as_balanced_as_can_be() -> None:
    labels = in_class_order(500, 300, 150, 50)
    order = stratified(labels, 4, torch.Generator().manual_seed(0))
    assert sorted(labels[order[:4]].tolist()) == [0, 1, 2, 3]
    for length in range(20, 1001, 7):
        found = torch.bincount(labels[order[:length]], minlength=4) / length
        assert (found - torch.tensor([0.5, 0.3, 0.15, 0.05])).abs().max() <= 2 / length
    numbers = torch.rand(100)
    order = stratified(numbers, 0, torch.Generator().manual_seed(0))
    assert sorted(order.tolist()) == list(range(100)) != order.tolist()


def test_numbers_in_order_are_mixed() -> None:
    rows = torch.arange(100.0)[:, None]
    labels = torch.arange(100.0)
    made = Prepared("x", rows, labels, rows, labels, (0.0,), (1.0,), (), (1,), "")
    data = shared(made, train_examples=60, validation_examples=20, test_examples=20)
    for part in (data.train_labels, data.valid_labels, data.test_labels):
        assert part.min() < 30 and part.max() > 70
    assert len({*data.train_labels.tolist(), *data.valid_labels.tolist()}) == 60


def test_classes_are_held_out_renumbered_thinned_and_mislabelled() -> None:
    made = prepared(torch.arange(20) % 5, tested=10)
    wanted: dict[str, Any] = {"held_out_classes": [1, 3], "train_examples": 15, "validation_examples": 5}
    part = shared(made, **wanted, test_examples=5)
    # classes 0, 2, 4 become 0, 1, 2
    assert Counter(part.train_labels.tolist()) == {0: 2, 1: 2, 2: 2}
    assert [place % 5 for place in places(part.train_inputs)] == [2 * label for label in part.train_labels.tolist()]
    assert sorted(part.valid_labels.tolist()) == sorted(part.test_labels.tolist()) == [0, 1, 2]
    assert sorted(place % 5 for place in places(part.held_out_inputs)) == [1, 3]
    assert part.class_names == ("a", "c", "e")
    assert torch.equal(part.labelled_inputs, part.train_inputs)
    # what lies beyond train_examples is spare
    assert sorted(place % 5 for place in places(part.spare_inputs)) == [0, 2, 4]

    # a search never sees the test split, and an imbalance thins out what is trained on but not what is labelled
    search = shared(made, **wanted, test_examples=5, evaluate_on="validation", imbalance=2.0)
    assert torch.equal(search.test_inputs, part.valid_inputs)
    assert Counter(search.train_labels.tolist()) == {0: 2, 1: 1, 2: 1}
    assert torch.equal(search.labelled_inputs, part.train_inputs)
    used = {*places(search.train_inputs), *places(search.valid_inputs)}
    assert not used & {*places(search.held_out_inputs), *places(search.spare_inputs)}

    # noise strikes training labels only, and flips name classes as the data set numbers them
    flipped = shared(made, **wanted, test_examples=5, label_noise={"rate": 1.0, "flips": [[2, 4]]})
    assert torch.equal(flipped.true_labels, part.train_labels)
    assert flipped.train_labels.tolist() == [2 if label == 1 else label for label in part.train_labels.tolist()]
    assert torch.equal(flipped.labelled_labels, part.train_labels)
    assert torch.equal(flipped.test_labels, part.test_labels)


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"train_examples": 9}, "9 training examples: 'fashion_mnist' has 10 classes, and each must have one or more"),
        ({"train_examples": 100, "validation_examples": 9}, "9 validation examples: "),
        ({"train_examples": 100, "validation_examples": 91}, "9 training examples: "),
        ({"test_examples": 3}, "3 test examples: "),
    ],
)
def test_shares_that_cannot_have_every_class_are_told_at_planning(settings: dict[str, Any], told: str) -> None:
    with pytest.raises(UserError, match=told):
        Budget(**settings).check(describe("fashion_mnist"), "studies/x.yaml")
