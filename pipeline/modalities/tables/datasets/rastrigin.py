"""Rastrigin's function in ten dimensions: a bowl with many dents, of which 2,200 of the worse points are known."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import black_boxes

if TYPE_CHECKING:
    import numpy as np

DIMENSIONS = 10

DATASET = black_boxes.BlackBox(
    key="rastrigin",
    title="Rastrigin's function, 10 dimensions",
    source="drawn here; https://www.sfu.ca/~ssurjano/rastr.html has the function",
    licence="none needed: a formula",
    shape=(DIMENSIONS,),
    classes=(),
    target="value (no unit)",
    train_examples=2200,
    test_examples=500,
    columns=tuple(f"coordinate {number}" for number in range(1, DIMENSIONS + 1)),
    pins={},
    # the greatest value, at the origin, which is not the middle of the box
    best=0.0,
    low=-3.0,
    high=5.0,
)


def value(designs: "np.ndarray") -> "np.ndarray":
    """- sum (x^2 - 10 cos(2 pi x) + 10)"""
    import numpy as np

    return -(designs**2 - 10 * np.cos(2 * np.pi * designs) + 10).sum(1)


def arrays(root: Path) -> "dict[str, np.ndarray]":
    pool = black_boxes.uniform(DATASET)
    return black_boxes.halves(DATASET, pool, value(pool.astype(float)))
