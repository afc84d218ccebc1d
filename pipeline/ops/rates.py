"""How fast a quantity falls or grows with a size: slopes of logarithms, and where a probability crosses one half."""

import numpy as np

Array = np.ndarray


def slopes(sizes: Array | list[int], values: Array, last: int | None = None) -> Array:
    """(R,) least-squares slopes of log values (R, S), all positive, over log sizes (S,).

    last: so many of the largest sizes alone, where smaller ones are not yet of the limit.
    """
    x, y = np.log(np.asarray(sizes, np.float64)), np.log(values)
    if last is not None:
        x, y = x[-last:], y[:, -last:]
    centred = x - x.mean()
    found: Array = (y - y.mean(1, keepdims=True)) @ centred / (centred @ centred)
    return found
