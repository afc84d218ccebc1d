"""Styblinski and Tang's function in 16 dimensions: 65,536 peaks, of which 2,200 of the worse points are known."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import black_boxes

if TYPE_CHECKING:
    import numpy as np

DIMENSIONS = 16
PEAK = 39.16616570377141
"""What a coordinate adds at -2.9035, the least root of 4 x^3 - 32 x + 5."""

DATASET = black_boxes.formula(
    "styblinski_tang",
    "Styblinski and Tang's function",
    "https://www.sfu.ca/~ssurjano/stybtang.html",
    dimensions=DIMENSIONS,
    best=DIMENSIONS * PEAK,
    low=-5.0,
    high=5.0,
)


def value(designs: "np.ndarray") -> "np.ndarray":
    """- sum (x^4 - 16 x^2 + 5 x) / 2"""
    return -(designs**4 - 16 * designs**2 + 5 * designs).sum(1) / 2


def arrays(root: Path) -> "dict[str, np.ndarray]":
    return black_boxes.drawn(DATASET, value)
