"""Ackley's function in ten dimensions: a funnel with ripples, of which 2,200 of the worse points are known."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.tables import black_boxes

if TYPE_CHECKING:
    import numpy as np

DATASET = black_boxes.formula(
    "ackley",
    "Ackley's function",
    "https://www.sfu.ca/~ssurjano/ackley.html",
    dimensions=10,
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
    return black_boxes.drawn(DATASET, value)
