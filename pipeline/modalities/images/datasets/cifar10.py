"""CIFAR-10, from its binary version: the Python version is a pickle, and unpickling runs code."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset, source_files

if TYPE_CHECKING:
    import numpy as np

URL = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"

DATASET = Dataset(
    key="cifar10",
    title="CIFAR-10",
    source="https://www.cs.toronto.edu/~kriz/cifar.html",
    licence="none stated; cite Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009",
    shape=(3, 32, 32),
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    train_examples=50_000,
    test_examples=10_000,
    pins={"cifar-10-binary.tar.gz": "md5:c32a1d4ab5d03f1284b67883e8d876f8"},
)

PARTS = {"train": [f"data_batch_{i}.bin" for i in range(1, 6)], "test": ["test_batch.bin"]}


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    ((name, pin),) = DATASET.pins.items()
    path = source_files.download(DATASET.key, root / "data/downloads" / name, pin, lambda: [URL])
    inside = {split: [f"cifar-10-batches-bin/{part}" for part in parts] for split, parts in PARTS.items()}
    content = source_files.members(path, [part for parts in inside.values() for part in parts])
    out = {}
    for split, parts in inside.items():
        read = [source_files.records(content[part], 1, DATASET.shape, f"{path}: {part}") for part in parts]
        out[f"{split}_images"] = np.concatenate([images for images, _ in read])
        out[f"{split}_labels"] = np.concatenate([labels for _, labels in read])
    return out
