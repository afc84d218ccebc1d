"""Data sets split otherwise: fewer training images, and the others tested on beside the test images."""

from dataclasses import replace
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset

if TYPE_CHECKING:
    import numpy as np


def described(whole: Dataset, trained: int, *, key: str, title: str) -> Dataset:
    """The description of `whole` with only its first `trained` training images trained on."""
    spare = whole.train_examples - trained
    return replace(whole, key=key, title=title, train_examples=trained, test_examples=whole.test_examples + spare)


def split(arrays: "dict[str, np.ndarray]", trained: int) -> "dict[str, np.ndarray]":
    """The arrays with test images of the training images after the first `trained`, then the test images."""
    import numpy as np

    out: dict[str, np.ndarray] = {}
    for name in ("images", "labels"):
        train, spare = np.split(arrays[f"train_{name}"], [trained])
        out |= {f"train_{name}": train, f"test_{name}": np.concatenate([spare, arrays[f"test_{name}"]])}
    return out
