"""`fashion_mnist_small` split otherwise: 6,000 training images, and 6,000 test images, where tests need to be sharp.

The test images are the other 4,000 training images and the 2,000 test images, in this order.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.images.datasets import fashion_mnist_small

if TYPE_CHECKING:
    import numpy as np

TRAINED = 6_000
_WHOLE = fashion_mnist_small.DATASET

DATASET = replace(
    _WHOLE,
    key="fashion_mnist_small_tested",
    title="Fashion-MNIST, 14x14, with many test images",
    train_examples=TRAINED,
    test_examples=_WHOLE.test_examples + _WHOLE.train_examples - TRAINED,
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    out, split = fashion_mnist_small.arrays(root), {}
    for name in ("images", "labels"):
        train, test = out[f"train_{name}"], out[f"test_{name}"]
        split[f"train_{name}"] = train[:TRAINED]
        split[f"test_{name}"] = np.concatenate([train[TRAINED:], test])
    return split
