"""The linear classifier without intercept of largest margin, from points by the product of label and features."""

import numpy as np

Array = np.ndarray


def direction(signed: Array) -> Array:
    """Of (n, d), separable: a multiple of the unit vector whose smallest inner product with a point is largest.

    It is the point of their hull that is nearest to zero. With weights q >= 0, |sum q_i z_i|^2 + (sum q_i - 1)^2 is
    smallest at a multiple of it. Where d > n a root of the points' inner products stands for them.
    """
    from scipy.optimize import nnls

    count, dimensions = signed.shape
    rows = np.linalg.cholesky(signed @ signed.T).T if dimensions > count else signed.T
    weights = nnls(np.vstack([rows, np.ones(count)]), np.append(np.zeros(len(rows)), 1.0))[0]
    found: Array = weights @ signed
    return found
