"""Fashion-MNIST at half the side: every 2x2 block of pixels averaged, in whole numbers, so that the bytes are fixed.

(a + b + c + d + 2) // 4, the mean rounded to the nearest level, up where it lies between two.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset
from pipeline.modalities.images.datasets import fashion_mnist

if TYPE_CHECKING:
    import numpy as np

DATASET = Dataset(
    key="fashion_mnist_small",
    title="Fashion-MNIST, 14x14",
    source=f"{fashion_mnist.DATASET.source}, derived",
    licence=fashion_mnist.DATASET.licence,
    shape=(1, 14, 14),
    classes=fashion_mnist.CLASSES,
    train_examples=fashion_mnist.DATASET.train_examples,
    test_examples=fashion_mnist.DATASET.test_examples,
    pins=fashion_mnist.DATASET.pins,
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    out = fashion_mnist.arrays(root)
    return {name: halved(value) if name.endswith("images") else value for name, value in out.items()}


def halved(images: "np.ndarray") -> "np.ndarray":
    """(N, C, H / 2, W / 2) uint8 of images (N, C, H, W) uint8."""
    import numpy as np

    count, channels, height, width = images.shape
    blocks = images.reshape(count, channels, height // 2, 2, width // 2, 2)
    return ((blocks.sum((3, 5), dtype=np.int64) + 2) // 4).astype(np.uint8)
