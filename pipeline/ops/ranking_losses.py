"""Linear scores of least univariate, reweighted or pairwise logistic loss, and how well they rank."""

import numpy as np

Array = np.ndarray
LOSSES = ("univariate", "reweighted", "pairwise")


def fitted(positive: Array, negative: Array, loss: str, ridges: list[float], intercept: bool) -> Array:
    """(ridges, D + 1) weights, the intercept last, of the mean loss + ridge |w|^2 / 2, by Newton steps.

    positive (P, D), negative (N, D). `univariate` is the mean over all examples, `reweighted` the sum of the means over
    either kind, `pairwise` the mean over pairs of the logistic loss of the difference, which has no intercept. An
    intercept bears no penalty. Ridges from large to small, each from where the last one ended.
    """
    high, low = (np.hstack([kind, np.full((len(kind), 1), float(intercept))]) for kind in (positive, negative))
    penalty = np.ones(positive.shape[1] + 1)
    penalty[-1] = 0 if intercept and loss != "pairwise" else 1
    weights, found = np.zeros(len(penalty)), []
    for ridge in ridges:
        for _ in range(50):
            gradient, curvature = derivatives(weights, high, low, loss)
            step = np.linalg.solve(curvature + np.diag(ridge * penalty), gradient + ridge * penalty * weights)
            # logistic losses change their curvature by no more than e where scores change by no more than 1
            weights = weights - step * min(1.0, 4.0 / np.abs(np.vstack([high, low]) @ step).max(initial=1e-300))
            if np.abs(step).max() < 1e-3:  # the next would be of the order of its square
                break
        found.append(weights)
    return np.array(found)


def derivatives(weights: Array, positive: Array, negative: Array, loss: str) -> tuple[Array, Array]:
    """Gradient and Hessian of a loss, without penalty."""
    from scipy.special import expit

    p, n = len(positive), len(negative)
    if loss == "pairwise":
        wrong = expit((negative @ weights)[None, :] - (positive @ weights)[:, None]) / (p * n)
        bent = wrong * (1 - wrong * p * n)
        cross = positive.T @ bent @ negative
        own = (positive.T * bent.sum(1)) @ positive + (negative.T * bent.sum(0)) @ negative
        return negative.T @ wrong.sum(0) - positive.T @ wrong.sum(1), own - cross - cross.T
    shares = (1 / p, 1 / n) if loss == "reweighted" else (1 / (p + n),) * 2
    wrong, falsely = expit(-(positive @ weights)), expit(negative @ weights)
    gradient = shares[1] * negative.T @ falsely - shares[0] * positive.T @ wrong
    bent, bowed = shares[0] * wrong * (1 - wrong), shares[1] * falsely * (1 - falsely)
    return gradient, (positive.T * bent) @ positive + (negative.T * bowed) @ negative


def auc(positive: Array, negative: Array) -> Array:
    """(..., P) against (..., N) scores: the share of pairs in the right order, ties counting half."""
    from scipy.stats import rankdata

    count = positive.shape[-1]
    ranks = rankdata(np.concatenate([positive, negative], -1), axis=-1)[..., :count].sum(-1)
    found: Array = (ranks - count * (count + 1) / 2) / (count * negative.shape[-1])
    return found
