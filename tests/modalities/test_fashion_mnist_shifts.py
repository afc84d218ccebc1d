"""Fashion-MNIST in seven domains: pinned bytes, labels of domain and item, test images in four domains each."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.modalities.images.datasets import fashion_mnist, fashion_mnist_shifts, fashion_mnist_small

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def made():
    return fashion_mnist.arrays(ROOT), fashion_mnist_shifts.arrays(ROOT)


def test_the_bytes_are_the_recorded_ones(made):
    digests = {name: hashlib.sha256(array.tobytes()).hexdigest()[:12] for name, array in made[1].items()}
    assert digests == {
        "train_images": "06dd17080cc0",
        "train_labels": "bd3c6fa2490e",
        "test_images": "02757c964fe6",
        "test_labels": "f8018068643c",
    }


def test_labels_tell_domain_and_item(made):
    plain, shifts = made
    labels, tested = shifts["train_labels"], shifts["test_labels"]
    items = np.concatenate([plain["train_labels"], plain["test_labels"]])
    assert (labels % 10 == items[:9000]).all() and (tested % 10 == items[9000:].repeat(4)).all()
    shares = np.stack([np.bincount(labels[labels % 10 == item] // 10, minlength=7) for item in range(10)])
    assert np.abs(shares / shares.sum(1, keepdims=True) - 1 / 7).max() < 0.05
    domains = (tested // 10).reshape(-1, 4)
    assert (domains[:, 1:] == [4, 5, 6]).all() and set(domains[:, 0].tolist()) == {0, 1, 2, 3}


def test_plain_images_are_those_of_the_small_data_set(made):
    plain, shifts = made
    halves = fashion_mnist_small.halved(np.concatenate([plain["train_images"], plain["test_images"]]))
    those = shifts["train_labels"] // 10 == 4
    assert (shifts["train_images"][those] == halves[:9000][those]).all()
    assert (shifts["test_images"][1::4] == halves[9000:]).all()
    assert (shifts["test_images"][0::4] != halves[9000:]).any((1, 2, 3)).mean() > 0.99
