"""Sequences of 30 symbols that are classified by which of A and B came first, and which second (temporal order).

Hochreiter and Schmidhuber's task, with the places of Pascanu et al. (2013): one of A and B in the second tenth of the
sequence, one of A and B in the sixth, and a random one of c, d, e and f everywhere else. The class is AA, AB, BA or BB.
An image has a row for each symbol and a column for each place, with one pixel of 255 in a column. Draws are numpy's
RandomState's, whose stream is frozen, in whole numbers, so that the bytes are the same on every machine.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities import Dataset

if TYPE_CHECKING:
    import numpy as np

SEED = 20253
SYMBOLS, NAMED = 6, 2
"""A, B, c, d, e, f, of which the first two count."""
TRAINED, TESTED = 10_000, 2_000


def described(length: int, key: str) -> Dataset:
    return Dataset(
        key=key,
        title=f"Temporal order, {length} symbols",
        source="drawn by pipeline/modalities/images/datasets/temporal_order.py",
        licence="that of this repository",
        shape=(1, SYMBOLS, length),
        classes=("AA", "AB", "BA", "BB"),
        train_examples=TRAINED,
        test_examples=TESTED,
        pins={},
    )


def drawn(length: int) -> "dict[str, np.ndarray]":
    """Both splits' images and labels."""
    import numpy as np

    found: dict[str, np.ndarray] = {}
    for number, (split, count) in enumerate((("train", TRAINED), ("test", TESTED))):
        draws, rows, tenth = np.random.RandomState([SEED, length, number]), np.arange(count), length // 10
        symbols = draws.randint(NAMED, SYMBOLS, (count, length))
        named = draws.randint(NAMED, size=(2, count))
        for start, chosen in zip((tenth, length // 2), named, strict=True):
            symbols[rows, start + draws.randint(tenth, size=count)] = chosen
        one_hot = symbols[:, None] == np.arange(SYMBOLS)[:, None]
        found[f"{split}_images"] = 255 * one_hot[:, None].astype(np.uint8)
        found[f"{split}_labels"] = NAMED * named[0].astype(np.int64) + named[1]
    return found


LENGTH = 30
DATASET = described(LENGTH, "temporal_order")


def arrays(root: Path) -> "dict[str, np.ndarray]":
    return drawn(LENGTH)
