"""`temporal_order` with sequences of 40 symbols."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.images.datasets import temporal_order

if TYPE_CHECKING:
    import numpy as np

LENGTH = 40
DATASET = temporal_order.described(LENGTH, "temporal_order_long")


def arrays(root: Path) -> "dict[str, np.ndarray]":
    return temporal_order.drawn(LENGTH)
