"""What checks of theorems measured by size, as their runs keep it."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from pipeline.exhibits.cells import Cell

    Arrays = dict[str, np.ndarray]

CURVE, PREDICTED = "curve_", "predicted_"
"""Before the name of a quantity."""


def arrays(cell: "Cell") -> "Arrays":
    """Those of the cell's first seed; none where it was not made here."""
    found: Arrays = next(iter(cell.examples.values()), {})
    return found
