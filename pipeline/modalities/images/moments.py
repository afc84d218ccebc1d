"""What images are normalised by."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def moments(images: "np.ndarray") -> tuple[list[float], list[float]]:
    """Per-channel mean and standard deviation, in [0, 1], of images (N, C, H, W) uint8, from counts of grey levels.

    Integer counts make the result independent of the order of summation, hence of the machine. Raises ValueError where
    a channel is constant.
    """
    import numpy as np

    means, deviations = [], []
    for channel in range(images.shape[1]):
        counts = [int(n) for n in np.bincount(images[:, channel].ravel(), minlength=256)]
        total = sum(counts)
        first = sum(level * n for level, n in enumerate(counts))
        second = sum(level * level * n for level, n in enumerate(counts))
        variance = (second * total - first * first) / total**2
        if not variance:
            raise ValueError(f"channel {channel} of the training images is constant")
        means.append(first / total / 255)
        deviations.append(variance**0.5 / 255)
    return means, deviations
