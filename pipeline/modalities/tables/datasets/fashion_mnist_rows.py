"""Fashion-MNIST at 14x14 as a table: an image is a row of 196 grey levels, and what lies beside what is not told."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.images.datasets import fashion_mnist_small
from pipeline.modalities.tables import Table

if TYPE_CHECKING:
    import numpy as np

SIDE = 14

DATASET = Table(
    key="fashion_mnist_rows",
    title="Fashion-MNIST, 196 pixels as columns",
    source=fashion_mnist_small.DATASET.source,
    licence=fashion_mnist_small.DATASET.licence,
    shape=(SIDE * SIDE,),
    classes=fashion_mnist_small.DATASET.classes,
    train_examples=fashion_mnist_small.DATASET.train_examples,
    test_examples=fashion_mnist_small.DATASET.test_examples,
    columns=tuple(f"row {row}, column {column} (grey level)" for row in range(1, 15) for column in range(1, 15)),
    pins=fashion_mnist_small.DATASET.pins,
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    out = fashion_mnist_small.arrays(root)
    return {
        name.replace("images", "rows"): value.reshape(len(value), -1).astype(np.float32) if "images" in name else value
        for name, value in out.items()
    }
