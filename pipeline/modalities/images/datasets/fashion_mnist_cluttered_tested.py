"""`fashion_mnist_cluttered` split otherwise: 6,000 training images, and 6,000 test images, for sharp tests.

The test images are the other 4,000 training images and the 2,000 test images, in this order.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.images import splits
from pipeline.modalities.images.datasets import fashion_mnist_cluttered

if TYPE_CHECKING:
    import numpy as np

TRAINED = 6_000

DATASET = splits.described(
    fashion_mnist_cluttered.DATASET,
    TRAINED,
    key="fashion_mnist_cluttered_tested",
    title="Fashion-MNIST, placed at random, with a scrap, with many test images",
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    return splits.split(fashion_mnist_cluttered.arrays(root), TRAINED)
