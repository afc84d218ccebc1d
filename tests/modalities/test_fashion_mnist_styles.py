"""Fashion-MNIST in styles: the formula of a pixel by hand, pinned bytes, and which styles belong to which split."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from pipeline.modalities.images.datasets import fashion_mnist, fashion_mnist_styles


@pytest.fixture(scope="module")
def styles():
    root = Path(__file__).resolve().parents[2]
    return fashion_mnist.arrays(root), fashion_mnist_styles.arrays(root)


def test_styles_keep_labels_shapes_and_types(styles):
    plain, styled = styles
    for name, array in plain.items():
        assert styled[name].shape == array.shape and styled[name].dtype == array.dtype
        if name.endswith("labels"):
            assert (styled[name] == array).all()


def test_the_bytes_of_the_styled_images_are_the_recorded_ones(styles):
    digests = {
        name: hashlib.sha256(styles[1][f"{name}_images"].tobytes()).hexdigest()[:16] for name in ("train", "test")
    }
    assert digests == {"train": "f4b8fab97a445a20", "test": "461cca8f892128f3"}


def test_the_tests_style_is_none_of_the_training_styles_and_labels_do_not_tell_it(styles):
    train = fashion_mnist_styles.style_of("train", 10000)
    assert set(fashion_mnist_styles.style_of("test", 2000).tolist()).isdisjoint(train.tolist())
    labels = styles[0]["train_labels"]
    for label in range(10):
        shares = np.bincount(train[labels == label], minlength=4) / (labels == label).sum()
        assert np.abs(shares - 0.25).max() < 0.06


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_styled_pixel_follows_the_formula(split, styles):
    plain, styled = (arrays[f"{split}_images"] for arrays in styles)
    style, side, contrast, ground = fashion_mnist_styles._draws(split, len(plain))
    module = fashion_mnist_styles
    for n in range(8):
        x, k = plain[n, 0].tolist(), style[n]
        for i, j in ((0, 0), (14, 3), (13, 27), (20, 20)):
            square = [(a, b) for a in range(i - 2, i + 3) for b in range(j - 2, j + 3) if 0 <= a < 28 and 0 <= b < 28]
            mean = sum(x[a][b] for a, b in square) // 25
            place = i if module.UPRIGHT[k] else j
            distance = 27 - place if side[n] else place
            value = (module.CONTRAST[k] + int(contrast[n])) * x[i][j] + module.DETAIL[k] * (x[i][j] - mean)
            value += 256 * (module.GROUND[k] + int(ground[n])) + module.SLOPE[k] * distance
            assert styled[n, 0, i, j] == min(255, max(0, value // 256))
