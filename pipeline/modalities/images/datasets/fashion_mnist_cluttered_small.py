"""Fashion-MNIST where pixels fail, at half the side: `fashion_mnist_cluttered` with every 2x2 block averaged."""

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.images.datasets import fashion_mnist_cluttered, fashion_mnist_small

if TYPE_CHECKING:
    import numpy as np

SIDE = fashion_mnist_cluttered.SIDE // 2
DATASET = dataclasses.replace(
    fashion_mnist_cluttered.DATASET,
    key="fashion_mnist_cluttered_small",
    title=f"Fashion-MNIST, placed at random, with a scrap, {SIDE}x{SIDE}",
    shape=(1, SIDE, SIDE),
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    halved, out = fashion_mnist_small.halved, fashion_mnist_cluttered.arrays(root)
    return {name: halved(value) if name.endswith("images") else value for name, value in out.items()}
