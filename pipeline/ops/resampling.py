"""What a metric that is no mean over examples is computed from: how often each example counts, in each of many draws.

All in numpy: an evaluation asks for one draw that has every example once, exhibits for the bootstrap's.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

Counts = Callable[[str, int], Array]
"""(side, N) -> (N, R) whole numbers: how often each of the N examples of a side counts in each of R draws.

A side is a sample that was drawn by itself, such as "known" and "digits"; what is measured of the same examples names
the same side. TEST are the examples of the test split, TRAIN those of the training set.
"""

TEST = "examples"
TRAIN = "training examples"


def once(side: str, size: int) -> Array:
    """The one draw that has every example once."""
    return np.ones((size, 1))


def mean(values: Array, counts: Array) -> Array:
    """(R,) means of values (N,) that count as often as counts (N, R) say; NaN where none counts."""
    with np.errstate(invalid="ignore"):
        return np.asarray(values.astype(np.float64) @ counts / counts.sum(0))


def class_means(values: Array, labels: Array, counts: Array) -> list[Array]:
    """Means (R,) of values (N,) over the examples of each class that occurs among labels (N,); see `mean`."""
    return [mean(values[labels == c], counts[labels == c]) for c in np.unique(labels)]
