"""`temporal_order` with sequences of 20 symbols."""

from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.modalities.images.datasets import temporal_order

if TYPE_CHECKING:
    import numpy as np

LENGTH = 20
DATASET = temporal_order.described(LENGTH, "temporal_order_short")


def arrays(root: Path) -> "dict[str, np.ndarray]":
    return temporal_order.drawn(LENGTH)
