"""Class-conditional Gaussians with one covariance for all classes."""

import torch
from torch import Tensor


def tied_gaussians(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Maximum-likelihood class means (K, D) and precision (D, D) of features (N, D) with labels (N,).

    The covariance is that of the features about their own class's mean, divided by N; its pseudo-inverse is
    returned, since channels that never fire make it singular. K counts the classes that occur.
    """
    classes, place = labels.unique(return_inverse=True)
    means = torch.stack([features[labels == c].mean(0) for c in classes])
    centred = features - means[place]
    return means, torch.linalg.pinv(centred.T @ centred / len(centred), hermitian=True)


def nearest_class(features: Tensor, means: Tensor, precision: Tensor) -> Tensor:
    """(N,) squared Mahalanobis distances of features (N, D) to the nearest of the means (K, D)."""
    apart = features[:, None] - means
    return ((apart @ precision) * apart).sum(2).amin(1)
