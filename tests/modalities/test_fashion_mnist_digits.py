"""Fashion-MNIST with digits in every other image, taken apart again pixel by pixel."""

from pathlib import Path

import numpy as np

from pipeline import modalities
from pipeline.modalities.images.datasets import digits, fashion_mnist, fashion_mnist_digits

REPOSITORY = Path(__file__).resolve().parents[2]


def test_every_other_image_carries_its_digit():
    made_up = fashion_mnist_digits.arrays(REPOSITORY)
    items, shapes = fashion_mnist.arrays(REPOSITORY), digits.arrays(REPOSITORY)
    for split in ("train", "test"):
        images, labels = made_up[f"{split}_images"], made_up[f"{split}_labels"]
        plain = items[f"{split}_images"] // 2
        target = labels != 10
        assert target.sum() == len(labels) // 2
        assert np.array_equal(images[~target], plain[~target])
        drawings = {digit: set() for digit in range(10)}
        for drawing, digit in zip(shapes[f"{split}_images"], shapes[f"{split}_labels"], strict=True):
            drawings[digit].add((drawing.repeat(2, 1).repeat(2, 2) // 2).tobytes())
        for i in np.flatnonzero(target)[:100]:
            extra = (images[i, 0].astype(int) - plain[i, 0]).astype(np.uint8)
            rows, columns = (np.flatnonzero(extra.any(axis)) for axis in (1, 0))
            assert len(rows) <= 16 and len(columns) <= 16 and (images[i] >= plain[i]).all()
            windows = (extra[top : top + 16, left : left + 16].tobytes() for top, left in np.ndindex(13, 13))
            assert drawings[labels[i]] & set(windows), "the digit that the label says, somewhere"


def test_the_draws_are_those_of_the_recorded_seed():
    about = modalities.describe("fashion_mnist_digits")
    assert about.classes == (*"0123456789", "none")
    first, second = (fashion_mnist_digits.arrays(REPOSITORY) for _ in range(2))
    assert all(np.array_equal(first[name], second[name]) for name in first)
    counts = np.bincount(first["train_labels"], minlength=11)
    assert counts[:10].min() > 400 and counts[10] == 5000
