"""Gaussian naive Bayes with one diagonal covariance for all classes: linear in the features, and fitted in one pass."""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor


class NaiveBayes(NamedTuple):
    """log p(k, x) = directions_k . (x - least) * scale + offsets_k, up to a term in x. All in float64."""

    least: Tensor
    """(F,)"""
    scale: Tensor
    """(F,)"""
    directions: Tensor
    """(K, F)"""
    offsets: Tensor
    """(K,)"""


def fit(features: Tensor, labels: Tensor, num_classes: int) -> NaiveBayes:
    """From features (M, F) with labels (M,): p(x_j | k) is Gaussian with the class's mean and one variance for all.

    The variance is the mean of the classes' own (by 1/n) weighted by their frequencies, which are also the prior.
    After Zheng et al. (2023), whose code scales each feature to [0, 1] over the training examples and adds 1e-9 to its
    variance, so that the floor is one for all features whatever their scale. scikit-learn's GaussianNB has a variance
    for each class and adds 1e-9 of the greatest feature's variance to all; with its variances pooled, on features
    scaled to [0, 1] and with the floor at 1e-9 it is this. A constant feature is left out; a class without examples has
    probability 0. In closed form: there is nothing to converge.
    """
    x = features.double()
    least, reach = x.amin(0), x.amax(0) - x.amin(0)
    scale = torch.where(varies(x, reach), 1 / reach, 0.0)
    x = (x - least) * scale
    members = F.one_hot(labels, num_classes).double()
    counts = members.sum(0)
    means = members.T @ x / counts.clamp_min(1)[:, None]
    variance = (x - means[labels]).square().mean(0) + 1e-9
    # what the squares of x contribute is the same for all classes, and drops out of the posterior
    directions = means / variance
    offsets = (counts / len(x)).log() - (means * directions).sum(1) / 2
    return NaiveBayes(least, scale, directions, offsets)


def log_joint(features: Tensor, fitted: NaiveBayes) -> Tensor:
    """(N, K) float64 log p(k, x) of features (N, F), up to a term in x."""
    return (features.double() - fitted.least) * fitted.scale @ fitted.directions.T + fitted.offsets


def varies(rows: Tensor, spread: Tensor) -> Tensor:
    """(F,) bool: the columns of rows (N, F) float64 whose spread (F,), in their unit, is more than rounding."""
    return spread > 1e-8 * rows.abs().amax(0)
