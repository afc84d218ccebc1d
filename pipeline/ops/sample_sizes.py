"""How many examples a learner needs: where its error, which falls with their number, comes down to a level."""

from collections.abc import Callable, Sequence

import numpy as np


def needed(error: Callable[[int], float], counts: Sequence[int], level: float) -> float:
    """Where the error crosses `level`, between two neighbours of `counts`, which grow.

    By bisection, so that the learner is fitted few times; between the neighbours the logarithm of the error is taken
    to be straight in that of the number. The first count where even that is enough, the last where none is.
    """
    low, high = 0, len(counts) - 1
    below, above = error(counts[high]), error(counts[low])
    if above <= level or below > level:
        return float(counts[low] if above <= level else counts[high])
    while high - low > 1:
        middle = (low + high) // 2
        value = error(counts[middle])
        low, above, high, below = (middle, value, high, below) if value > level else (low, above, middle, value)
    share = np.log(above / level) / np.log(above / max(below, 1e-12))
    return float(counts[low] * (counts[high] / counts[low]) ** share)


def grid(first: int, last: int, ratio: float) -> list[int]:
    """Even numbers from `first` to `last`, each about `ratio` times the one before."""
    steps = int(np.ceil(np.log(last / first) / np.log(ratio)))
    found = 2 * (np.geomspace(first, last, steps + 1) / 2).round().astype(int)
    return [int(count) for count in dict.fromkeys(found.tolist())]
