"""Mutual information of two finite variables, in nats."""

import numpy as np

Array = np.ndarray


def mutual_information(counts: Array) -> Array:
    """(...) of tables (..., A, B) of how often each pair of values occurs: counts, or probabilities to a factor.

    Of counts it is the plug-in estimate, too large by about (A - 1)(B - 1) / (2 N).
    """
    from scipy.special import rel_entr

    joint = counts / counts.sum((-2, -1), keepdims=True)
    apart = joint.sum(-1, keepdims=True) * joint.sum(-2, keepdims=True)
    return np.asarray(rel_entr(joint, apart).sum((-2, -1)))


def table(rows: Array, columns: Array, shape: tuple[int, int]) -> Array:
    """(A, B) counts of the pairs of values that two arrays of whole numbers, alike in shape, hold side by side."""
    flat = np.ravel(rows) * shape[1] + np.ravel(columns)
    return np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
