"""All 65,536 sequences of eight letters out of four, scored by a random network; 2,200 of the worse half are known.

Made in the shape of the binding of a transcription factor to DNA (TF Bind 8 of Design-Bench). The network's weights are
whole numbers, so that scores are the same on every machine.
"""

import functools
import itertools
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import black_boxes

if TYPE_CHECKING:
    import numpy as np

PLACES, LETTERS = 8, "ACGT"
WIDTHS = (PLACES * len(LETTERS), 32, 32, 1)

DATASET = black_boxes.BlackBox(
    key="random_binding",
    title="Sequences of eight letters scored by a random network",
    source="drawn here",
    licence="none needed: drawn here",
    shape=(PLACES * len(LETTERS),),
    classes=(),
    target="score (no unit)",
    train_examples=2200,
    test_examples=500,
    columns=tuple(f"place {place} is {letter}" for place in range(1, PLACES + 1) for letter in LETTERS),
    pins={},
    best=1116.0,
    letters=len(LETTERS),
)


@functools.cache
def weights() -> "list[np.ndarray]":
    """(inputs, outputs) of each layer: whole numbers from -3 to 3, alike."""
    import numpy as np

    draws = np.random.RandomState(0)
    return [draws.randint(-3, 4, (i, o)).astype(np.float64) for i, o in itertools.pairwise(WIDTHS)]


def value(designs: "np.ndarray") -> "np.ndarray":
    """W_3' (W_2' (W_1' x)+)+ of sequences (N, 32) of zeros and ones; (.)+ is the positive part."""
    first, second, last = weights()
    return ((designs @ first).clip(0) @ second).clip(0) @ last[:, 0]


def sequences() -> "np.ndarray":
    """(65536, 32) float32, all of them, in the order of the alphabet."""
    import numpy as np

    letters = np.indices([len(LETTERS)] * PLACES).reshape(PLACES, -1).T
    return np.eye(len(LETTERS), dtype=np.float32)[letters].reshape(len(letters), -1)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    pool = sequences()
    return black_boxes.halves(DATASET, pool, value(pool.astype(float)))
