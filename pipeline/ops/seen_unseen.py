"""Accuracy on seen and on unseen classes where all compete, and what one gains when the other gives way.

Of every tested image there are the lead of the best seen class over the best unseen one, and whether the right class is
the best of its own kind. All accuracies are means over classes, in percent, (R,) in each draw of `resampling`.
"""

import numpy as np

from pipeline.ops.resampling import Array, class_means


def class_average(right: Array, labels: Array, counts: Array) -> Array:
    """Of right (N,) bool with labels (N,), counting as often as counts (N, R) say; a class without any is left out."""
    return np.asarray(100.0 * np.nanmean(class_means(right, labels, counts), axis=0))


def accuracies(lead: Array, right_within: Array, labels: Array, of_seen: Array, counts: Array) -> tuple[Array, Array]:
    """On seen and on unseen classes, of (N,) each; a tie goes to the seen class."""
    right = right_within & (of_seen == (lead >= 0))
    seen, unseen = (class_average(right[side], labels[side], counts[side]) for side in (of_seen, ~of_seen))
    return seen, unseen


def harmonic(seen: Array, unseen: Array) -> Array:
    """2 S U / (S + U); 0 where both are."""
    total = seen + unseen
    return np.asarray(np.divide(2 * seen * unseen, total, out=np.zeros(total.shape), where=total > 0))


def weights(labels: Array, counts: Array) -> Array:
    """(N, R) what each example adds to a mean over classes, by labels (N,) and counts (N, R)."""
    classes, places = np.unique(labels, return_inverse=True)
    totals = np.zeros((len(classes), counts.shape[1]))
    np.add.at(totals, places, counts)
    shares = counts / np.maximum(totals, 1)[places]
    return np.asarray(shares / (totals > 0).sum(0))


def curve_area(lead: Array, right_within: Array, labels: Array, of_seen: Array, counts: Array) -> Array:
    """Area under accuracy on seen classes against that on unseen ones, as a number is taken off all seen scores.

    For each number g the accuracies are the weights of those that are right within their kind and lead by g or more, or
    by less (Chao et al. 2016); so the area is that of all pairs of a seen and an unseen image of which the former leads
    by more.
    """
    sides = []
    for side in (of_seen, ~of_seen):
        weight = weights(labels[side], counts[side])
        chosen = right_within[side]
        sides.append((lead[side][chosen], weight[chosen]))
    (seen, of_seen_), (unseen, of_unseen) = sides
    order = np.argsort(seen)
    above = np.zeros((len(seen) + 1, counts.shape[1]))
    above[:-1] = of_seen_[order][::-1].cumsum(0)[::-1]
    return np.asarray(100.0 * (of_unseen * above[np.searchsorted(seen[order], unseen, side="right")]).sum(0))
