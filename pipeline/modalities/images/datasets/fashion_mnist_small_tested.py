"""`fashion_mnist_small` split otherwise: 6,000 training images, and 6,000 test images, where tests need to be sharp.

The test images are the other 4,000 training images and the 2,000 test images, in this order.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.images import splits
from pipeline.modalities.images.datasets import fashion_mnist_small

if TYPE_CHECKING:
    import numpy as np

TRAINED = 6_000

DATASET = splits.described(
    fashion_mnist_small.DATASET,
    TRAINED,
    key="fashion_mnist_small_tested",
    title="Fashion-MNIST, 14x14, with many test images",
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    return splits.split(fashion_mnist_small.arrays(root), TRAINED)
