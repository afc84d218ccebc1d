"""Ackley's function in ten dimensions: a funnel with ripples, of which 2,200 of the worse points are known."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import black_boxes

if TYPE_CHECKING:
    import numpy as np

DIMENSIONS = 10

DATASET = black_boxes.BlackBox(
    key="ackley",
    title="Ackley's function, 10 dimensions",
    source="drawn here; https://www.sfu.ca/~ssurjano/ackley.html has the function",
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
    low=-5.0,
    high=10.0,
)


def value(designs: "np.ndarray") -> "np.ndarray":
    """20 (exp(-0.2 sqrt(mean x^2)) - 1) + exp(mean cos(2 pi x)) - e"""
    import numpy as np

    funnel = 20 * np.expm1(-0.2 * np.sqrt((designs**2).mean(1)))
    return funnel + np.exp(np.cos(2 * np.pi * designs).mean(1)) - np.e


def arrays(root: Path) -> "dict[str, np.ndarray]":
    pool = black_boxes.uniform(DATASET)
    return black_boxes.halves(DATASET, pool, value(pool.astype(float)))
