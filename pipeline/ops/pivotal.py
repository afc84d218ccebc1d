"""Samples without replacement whose points are spread out: probabilities, a tree by space, and duels within it."""

import numpy as np

Array = np.ndarray


def inclusion(scores: Array, expected: float) -> Array:
    """(n,) probabilities min(1, c * scores) whose sum is `expected`, at most the number of positive scores."""
    found: Array = scores * (expected / scores.sum())
    while (found > 1).any():
        certain = found >= 1
        found = np.where(certain, 1.0, scores * ((expected - certain.sum()) / scores[~certain].sum()))
    return found


def leaves(points: Array) -> Array:
    """(2^h,) indices of points (n, q) from left to right in a tree of height h; -1 stands for an empty leaf.

    Each node divides its points at their median, by one coordinate after another as one goes down; of points that are
    alike the first are lower.
    """
    height = int(np.ceil(np.log2(len(points))))
    return _halved(points, np.arange(len(points)), height, 0)


def _halved(points: Array, which: Array, height: int, axis: int) -> Array:
    if len(which) < 2:
        return np.append(which, np.full(2**height - len(which), -1))
    ordered = which[np.argsort(points[which, axis], kind="stable")]
    middle, below = len(which) // 2, (axis + 1) % points.shape[1]
    halves = [_halved(points, half, height - 1, below) for half in (ordered[:middle], ordered[middle:])]
    return np.concatenate(halves)


def pivotal(chances: Array, tree: Array, random: np.random.Generator) -> Array:
    """(n,) which points are chosen: each with its probability, and if these sum to a whole number, as many as that.

    Neighbours in the tree duel from the leaves up. Of two whose probabilities p and q sum to less than 1, one goes on
    with p + q, the first with probability p / (p + q), and the other is out. Otherwise one is chosen and the other
    goes on with p + q - 1, the first with probability (1 - p) / (2 - p - q).
    """
    chosen = np.zeros(len(chances) + 1, bool)
    there, left_of = tree, np.append(chances, 0.0)[tree]
    while len(there) > 1:
        total = left_of[::2] + left_of[1::2]
        full = total >= 1
        first = np.where(full, 1 - left_of[::2], left_of[::2])
        goes_on = random.random(len(total)) * np.where(full, 2 - total, total) < first
        chosen[np.where(goes_on, there[1::2], there[::2])[full]] = True
        there, left_of = np.where(goes_on, there[::2], there[1::2]), total - full
    chosen[there[0]] |= left_of[0] > 0.5  # 0 or 1 but for rounding
    return chosen[:-1]


def bernoulli(chances: Array, random: np.random.Generator) -> Array:
    """(n,) which points are chosen, each with its probability and regardless of the others."""
    found: Array = random.random(len(chances)) < chances
    return found


def worst_part(chances: Array, chosen: Array, tree: Array) -> float:
    """Of all nodes of a tree, by how much the number of points chosen below one differs from its mean at most."""
    excess = np.append(chosen - chances, 0.0)[tree]
    found = float(np.abs(excess).max())
    while len(excess) > 1:
        excess = excess[::2] + excess[1::2]
        found = max(found, float(np.abs(excess).max()))
    return found
