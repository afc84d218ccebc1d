"""Kuzushiji-MNIST: cursive Japanese characters in MNIST's format."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset, source_files

if TYPE_CHECKING:
    import numpy as np

DATASET = Dataset(
    key="kmnist",
    title="Kuzushiji-MNIST",
    source="http://codh.rois.ac.jp/kmnist/",
    licence="CC BY-SA 4.0, KMNIST Dataset (CODH), adapted from Kuzushiji Dataset (NIJL and others)",
    shape=(1, 28, 28),
    classes=("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
    train_examples=60_000,
    test_examples=10_000,
    pins={
        "train-images-idx3-ubyte.gz": "md5:bdb82020997e1d708af4cf47b453dcf7",
        "train-labels-idx1-ubyte.gz": "md5:e144d726b3acfaa3e44228e80efcd344",
        "t10k-images-idx3-ubyte.gz": "md5:5c965bf0a639b31b8f53240b1b52f4d7",
        "t10k-labels-idx1-ubyte.gz": "md5:7320c461ea6c1c855c0b718fb2a4b134",
    },
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    return source_files.mnist_like(DATASET, root, "KMNIST")
