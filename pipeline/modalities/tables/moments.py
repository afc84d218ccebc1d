"""What tables are standardised by."""

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def moments(rows: "np.ndarray") -> tuple[list[float], list[float]]:
    """Mean and standard deviation of each column of training rows (N, F); 1 for the deviation of a constant column.

    Sums are exact before they are rounded, hence the same on every machine.
    """
    means, deviations = [], []
    for column in rows.T.tolist():
        mean = math.fsum(column) / len(column)
        variance = math.fsum((value - mean) ** 2 for value in column) / len(column)
        means.append(mean)
        deviations.append(math.sqrt(variance) if max(column) > min(column) else 1.0)
    return means, deviations
