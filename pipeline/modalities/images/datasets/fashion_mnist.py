"""Fashion-MNIST, the part that ships with the repository: the first 10,000 training and 2,000 test images.

A prefix of each split, so that results on it carry over to `fashion_mnist_whole` by adding examples.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset, source_files

if TYPE_CHECKING:
    import numpy as np

CLASSES = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")

DATASET = Dataset(
    key="fashion_mnist",
    title="Fashion-MNIST (first 10,000 and 2,000)",
    source="https://github.com/zalandoresearch/fashion-mnist",
    licence="MIT, Copyright (c) 2017 Zalando SE",
    shape=(1, 28, 28),
    classes=CLASSES,
    train_examples=10_000,
    test_examples=2_000,
    pins={
        "train-images-idx3-ubyte.gz": "sha256:1be733b5e3563a3e09249eaf2860ab906050f4ad092514fd69643a971f092eef",
        "train-labels-idx1-ubyte.gz": "sha256:61a6840eba903a1624db1cd180742787f58a96a5d569dcbab532ea0bbd943a75",
        "t10k-images-idx3-ubyte.gz": "sha256:a2d469e967c6f16f941e652e24b2bc5422a63b1a71325ff49da1bb5a3350b4dc",
        "t10k-labels-idx1-ubyte.gz": "sha256:09e12ea2704e7fc948433dfc4fc0c69cf8e2e18611cf6b3b80e6ad82dec4dcba",
    },
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    out = {}
    for name, stem in source_files.IDX.items():
        path = root / "data/embedded/fashion_mnist" / f"{stem}.gz"
        mend = f"restore it with `git checkout -- {path}`"
        content = source_files.gunzip(path, mend)
        source_files.verify(path, DATASET.pins[path.name], path, mend)
        out[name] = source_files.idx(content, path, mend)
    return out
