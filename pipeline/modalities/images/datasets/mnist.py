"""MNIST: handwritten digits, 28x28."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset, source_files

if TYPE_CHECKING:
    import numpy as np

DATASET = Dataset(
    key="mnist",
    title="MNIST",
    source="http://yann.lecun.com/exdb/mnist/",
    licence="CC BY-SA 3.0, Yann LeCun and Corinna Cortes",
    shape=(1, 28, 28),
    classes=tuple("0123456789"),
    train_examples=60_000,
    test_examples=10_000,
    pins={
        "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
    },
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    return source_files.mnist_like(DATASET, root, "MNIST")
