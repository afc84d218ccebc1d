"""Isotonic regression: the non-decreasing sequence that is nearest in squares."""

import numpy as np

Array = np.ndarray
ROUNDS = 30
"""After so many, what is left is pooled one by one: ramps that meet in one fall would take as many as they are long."""


def isotonic(values: Array) -> Array:
    """(n,) float64: argmin over x_1 <= ... <= x_n of sum (x_i - v_i)^2, by pooling adjacent violators.

    Neighbouring blocks whose means fall belong to one block of the answer, so that whole falling runs are pooled at
    once.
    """
    sums, counts = values, np.ones(len(values), dtype=np.int64)
    for _ in range(ROUNDS):
        means = sums / counts
        rises = means[1:] > means[:-1]
        if rises.all():
            return np.repeat(means, counts)
        starts = np.flatnonzero(np.concatenate([[True], rises]))
        sums, counts = np.add.reduceat(sums, starts), np.add.reduceat(counts, starts)
    return np.repeat(*_one_by_one((sums / counts).tolist(), counts.tolist()))


def _one_by_one(means: list[float], counts: list[int]) -> tuple[list[float], list[int]]:
    """Means and lengths of the answer's blocks, of those of blocks in order."""
    found: list[float] = []
    lengths: list[int] = []
    for mean, count in zip(means, counts, strict=True):
        while found and found[-1] >= mean:
            before, length = found.pop(), lengths.pop()
            mean = (length * before + count * mean) / (length + count)
            count += length
        found.append(mean)
        lengths.append(count)
    return found, lengths
