"""A hundred classes of Fashion-MNIST: two items side by side, and the class says which is on the left and the right.

The items are those of `fashion_mnist_small`, drawn with replacement, for training images from its training items
only. Class 10 l + r has an item of class l on the left and one of class r on the right. The i-th image is of class
i mod 100, so that any prefix is balanced.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset
from pipeline.modalities.images.datasets import fashion_mnist, fashion_mnist_small

if TYPE_CHECKING:
    import numpy as np

SEEDS = {"train": 20271, "test": 20272}

DATASET = Dataset(
    key="fashion_mnist_pairs",
    title="Pairs of Fashion-MNIST items",
    source=fashion_mnist_small.DATASET.source,
    licence=fashion_mnist.DATASET.licence,
    shape=(1, 14, 28),
    classes=tuple(f"{left} + {right}" for left in fashion_mnist.CLASSES for right in fashion_mnist.CLASSES),
    train_examples=fashion_mnist.DATASET.train_examples,
    test_examples=fashion_mnist.DATASET.test_examples,
    pins=fashion_mnist.DATASET.pins,
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    items = fashion_mnist_small.arrays(root)
    out: dict[str, np.ndarray] = {}
    for split, seed in SEEDS.items():
        images, labels = items[f"{split}_images"], items[f"{split}_labels"]
        pairs = np.arange(len(images)) % len(DATASET.classes)
        # the legacy generator, whose numbers are the same in every version of NumPy
        random = np.random.RandomState(seed)
        sides = [images[drawn(labels, wanted, random)] for wanted in (pairs // 10, pairs % 10)]
        out |= {f"{split}_images": np.concatenate(sides, axis=3), f"{split}_labels": pairs.astype(np.int64)}
    return out


def drawn(labels: "np.ndarray", wanted: "np.ndarray", random: "np.random.RandomState") -> "np.ndarray":
    """(M,) places in labels (N,) of items of the classes wanted (M,)."""
    import numpy as np

    places = np.zeros(len(wanted), dtype=np.int64)
    for label in range(labels.max() + 1):
        pool, asked = np.flatnonzero(labels == label), np.flatnonzero(wanted == label)
        places[asked] = pool[random.randint(0, len(pool), len(asked))]
    return places
