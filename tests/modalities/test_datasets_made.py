"""Data sets made from Fashion-MNIST: slow re-derivations, what may not mix, pinned bytes."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from pipeline import modalities
from pipeline.modalities.images.datasets import (
    fashion_mnist,
    fashion_mnist_cluttered,
    fashion_mnist_cluttered_small,
    fashion_mnist_cluttered_tested,
    fashion_mnist_pairs,
    fashion_mnist_small,
    fashion_mnist_small_tested,
)

REPOSITORY = Path(__file__).resolve().parents[2]
EMBEDDED = REPOSITORY / "data/embedded/fashion_mnist"
BYTES = {
    "fashion_mnist_small": {"train_images": "d65f4fcedd519ee4", "test_images": "05894efa8f48c668"},
    "fashion_mnist_pairs": {
        **{"train_images": "d5c173f94947eae3", "train_labels": "b75e73e8f206b39d"},
        **{"test_images": "0b2c27404ef5dabd", "test_labels": "31472f4c88f2efd2"},
    },
}


@pytest.fixture(scope="module")
def plain():
    return fashion_mnist.arrays(REPOSITORY)


@pytest.fixture(scope="module")
def small():
    return fashion_mnist_small.arrays(REPOSITORY)


@pytest.fixture(scope="module")
def pairs():
    return fashion_mnist_pairs.arrays(REPOSITORY)


@pytest.mark.parametrize("key", sorted(BYTES))
def test_the_bytes_are_pinned(key, tmp_path):
    """Whole numbers and a frozen generator alone make them, so that they are the same on every machine."""
    folder = tmp_path / "data/embedded/fashion_mnist"
    folder.mkdir(parents=True)
    for path in EMBEDDED.glob("*.gz"):
        (folder / path.name).write_bytes(path.read_bytes())
    manifest = json.loads((modalities.prepare(key, tmp_path) / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert BYTES[key].items() <= {name.removesuffix(".npy"): e["sha256"][:16] for name, e in manifest.items()}.items()


def test_small_images_are_rounded_means_of_blocks(plain, small):
    for split in ("train", "test"):
        assert np.array_equal(small[f"{split}_labels"], plain[f"{split}_labels"])
        assert len(small[f"{split}_images"]) == len(plain[f"{split}_images"])
        for large, image in zip(plain[f"{split}_images"][:4, 0], small[f"{split}_images"][:4, 0], strict=True):
            for i in range(14):
                for j in range(14):
                    block = [int(large[2 * i + a, 2 * j + b]) for a in (0, 1) for b in (0, 1)]
                    assert image[i, j] == int(sum(block) / 4 + 0.5)
    assert fashion_mnist_small.halved(np.full((1, 1, 2, 4), 255, np.uint8)).tolist() == [[[[255, 255]]]]


def test_cluttered_images_at_half_the_side():
    whole, small = fashion_mnist_cluttered.arrays(REPOSITORY), fashion_mnist_cluttered_small.arrays(REPOSITORY)
    for split in ("train", "test"):
        assert np.array_equal(small[f"{split}_labels"], whole[f"{split}_labels"])
        images = whole[f"{split}_images"].astype(int)
        blocks = sum(images[:, :, a::2, b::2] for a in (0, 1) for b in (0, 1))
        assert np.array_equal(small[f"{split}_images"], (blocks + 2) // 4)
    assert small["train_images"].shape[1:] == fashion_mnist_cluttered_small.DATASET.shape == (1, 16, 16)


@pytest.mark.parametrize(
    ("module", "whole"),
    [(fashion_mnist_small_tested, fashion_mnist_small), (fashion_mnist_cluttered_tested, fashion_mnist_cluttered)],
)
def test_another_split_has_the_same_images_and_tests_on_none_that_it_trains_on(module, whole):
    split, small = module.arrays(REPOSITORY), whole.arrays(REPOSITORY)
    assert (module.DATASET.train_examples, module.DATASET.test_examples) == (6000, 6000)
    assert (module.DATASET.shape, module.DATASET.pins) == (whole.DATASET.shape, whole.DATASET.pins)
    for name in ("images", "labels"):
        assert len(split[f"train_{name}"]) == 6000 and len(split[f"test_{name}"]) == 6000
        both = [np.concatenate([each[f"train_{name}"], each[f"test_{name}"]]) for each in (split, small)]
        assert np.array_equal(*both), "the one goes on where the other ends"


def test_halving_keeps_rows_and_columns_apart():
    image = np.arange(8, dtype=np.uint8).reshape(1, 1, 2, 4) * 10
    assert fashion_mnist_small.halved(image).tolist() == [[[[25, 45]]]]


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_pair_shows_an_item_of_each_class_it_names(split, small, pairs):
    owners: dict[bytes, set[int]] = {}
    for image, label in zip(small[f"{split}_images"], small[f"{split}_labels"], strict=True):
        owners.setdefault(image.tobytes(), set()).add(int(label))
    images, labels = pairs[f"{split}_images"], pairs[f"{split}_labels"]
    names = fashion_mnist_pairs.DATASET.classes
    for image, label in zip(images, labels.tolist(), strict=True):
        left, right = owners[image[:, :, :14].tobytes()], owners[image[:, :, 14:].tobytes()]
        assert label // 10 in left and label % 10 in right
        assert names[label] == f"{fashion_mnist.CLASSES[label // 10]} + {fashion_mnist.CLASSES[label % 10]}"


def test_pairs_are_balanced_in_every_prefix_and_seldom_repeated(pairs):
    for split, each in (("train", 100), ("test", 20)):
        labels = pairs[f"{split}_labels"]
        assert np.bincount(labels).tolist() == [each] * 100
        assert np.bincount(labels[:300]).tolist() == [3] * 100
        assert len({image.tobytes() for image in pairs[f"{split}_images"]}) > 0.99 * len(labels)


def test_no_training_item_is_in_a_test_pair(small, pairs):
    halves = {half.tobytes() for half in np.concatenate(np.split(pairs["test_images"], 2, axis=3))}
    test = {image.tobytes() for image in small["test_images"]}
    assert halves <= test
    used = {half.tobytes() for half in np.concatenate(np.split(pairs["train_images"], 2, axis=3))}
    assert len(used) > 0.5 * len(small["train_images"])
    assert used <= {image.tobytes() for image in small["train_images"]}


def test_names_of_classes_stay_apart_in_the_names_of_metrics():
    """Evaluation makes `top1_<class>` of letters and digits alone."""
    names = fashion_mnist_pairs.DATASET.classes
    assert len({re.sub(r"[^a-z0-9]+", "_", name.lower()) for name in names}) == 100
