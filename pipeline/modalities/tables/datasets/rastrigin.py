"""Rastrigin's function in ten dimensions: a bowl with many dents, of which 2,200 of the worse points are known."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import black_boxes

if TYPE_CHECKING:
    import numpy as np

DATASET = black_boxes.formula(
    "rastrigin",
    "Rastrigin's function",
    "https://www.sfu.ca/~ssurjano/rastr.html",
    dimensions=10,
    best=0.0,
    low=-3.0,
    high=5.0,
)


def value(designs: "np.ndarray") -> "np.ndarray":
    """- sum (x^2 - 10 cos(2 pi x) + 10)"""
    import numpy as np

    return -(designs**2 - 10 * np.cos(2 * np.pi * designs) + 10).sum(1)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    return black_boxes.drawn(DATASET, value)
