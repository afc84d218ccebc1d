"""Fashion-MNIST in domains: labels that tell both, images by the other data sets' arithmetic, pinned bytes."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.modalities.images.datasets import digits, fashion_mnist, fashion_mnist_domains, fashion_mnist_small

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made():
    return fashion_mnist.arrays(ROOT), fashion_mnist_domains.arrays(ROOT)


def test_the_bytes_are_the_recorded_ones(made):
    digests = {name: hashlib.sha256(array.tobytes()).hexdigest()[:12] for name, array in made[1].items()}
    assert digests == {
        "train_images": "d93f69b934cf",
        "train_labels": "b75f677837fa",
        "test_images": "ee5ff19dec19",
        "test_labels": "fb4705894d2b",
    }


def test_labels_tell_domain_and_item_and_items_do_not_tell_domains(made):
    plain, domains = made
    names = fashion_mnist_domains.DATASET.classes
    assert len(names) == len(set(names)) == 40 and names[:10] == fashion_mnist.CLASSES
    for split in ("train", "test"):
        labels = domains[f"{split}_labels"]
        assert (labels % 10 == plain[f"{split}_labels"]).all()
        shares = np.stack([np.bincount(labels[labels % 10 == item] // 10, minlength=4) for item in range(10)])
        assert np.abs(shares / shares.sum(1, keepdims=True) - 0.25).max() < 0.1


def test_plain_images_are_those_of_the_small_data_set(made):
    plain, domains = made
    those = domains["test_labels"] < 10
    assert (domains["test_images"][those] == fashion_mnist_small.halved(plain["test_images"])[those]).all()
    assert (
        (domains["test_images"][~those] != fashion_mnist_small.halved(plain["test_images"])[~those])
        .any((1, 2, 3))
        .all()
    )


def test_a_digit_lies_on_the_middle_of_an_item_at_half_intensity(made):
    plain, domains = made
    those = np.flatnonzero(domains["test_labels"] // 10 == 3)
    halves = fashion_mnist_small.halved(plain["test_images"] // 2)[those].astype(int)
    over = domains["test_images"][those].astype(int) - halves
    edge = np.ones((14, 14), dtype=bool)
    edge[3:11, 3:11] = False
    assert (over[:, 0, edge] == 0).all() and over.min() >= 0
    shapes = digits.arrays(ROOT)["test_images"][:, 0].astype(int)
    digit = over[0, 0, 3:11, 3:11]
    assert np.abs(shapes // 2 - digit).max((1, 2)).min() <= 1


def test_the_dusk_has_a_bright_ground_and_the_clutter_a_black_one(made):
    images, labels = made[1]["train_images"], made[1]["train_labels"]
    corners = images[:, 0][:, [0, 0, -1, -1], [0, -1, 0, -1]].astype(float)
    brightness = [corners[labels // 10 == domain].mean() for domain in range(4)]
    assert brightness[1] > 60 > 30 > max(brightness[0], brightness[2], brightness[3])
