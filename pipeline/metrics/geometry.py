"""How features of several classes lie: spread within classes against between them, and the frame of the class means."""

import torch
import torch.nn.functional as F
from torch import Tensor


def class_sums(features: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Sums (K', F) and counts (K', 1) of features (N, F) over the K' classes that occur."""
    _, places = labels.unique(return_inverse=True)
    one_hot = F.one_hot(places).to(features.dtype)
    return one_hot.T @ features, one_hot.sum(0)[:, None]


def cosine_distances(features: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean of 1 - cos over pairs of one class, the mean of the classes' means, and over all pairs.

    Features (N, F). An example is paired with itself too, as in equation 11 of Kornblith et al. 2021, "Why do better
    loss functions lead to less transferable features?", whose class separation is R^2 = 1 - within / total.
    """
    unit = F.normalize(features.double(), dim=1)
    sums, counts = class_sums(unit, labels)
    within = 1 - (sums / counts).square().sum(1)
    means = sums / counts
    return float(within.mean()), float(1 - means.mean(0).square().sum())


def nc1(features: Tensor, labels: Tensor) -> float:
    """tr(S_W S_B^+) / K of features (N, F): the variability collapse of Papyan, Han and Donoho 2020.

    S_W is the mean over examples of the outer products around their class's mean, S_B that over classes of the class
    means around their mean.
    """
    features = features.double()
    sums, counts = class_sums(features, labels)
    means = sums / counts
    _, places = labels.unique(return_inverse=True)
    spread = features - means[places]
    centred = means - means.mean(0)
    within, between = spread.T @ spread / len(features), centred.T @ centred / len(means)
    # of K means around their mean at most K - 1 directions are more than rounding
    return float((within @ torch.linalg.pinv(between, rtol=1e-9, hermitian=True)).trace()) / len(means)


def frame_gap(means: Tensor, ideal: Tensor) -> float:
    """|G / |G| - G* / |G*|| in the Frobenius norm, G the Gram matrix of means (K, F), G* (K, K) the ideal; 0 to 2."""
    gram = means @ means.T
    return float((gram / gram.norm().clamp_min(1e-12) - ideal / ideal.norm()).norm())


def geometry(train: Tensor, train_labels: Tensor, test: Tensor, test_labels: Tensor) -> dict[str, float]:
    """Metrics of penultimate features of training and test images.

    On test images `within_class_distance`, the mean cosine distance within classes, and `class_separation`, 1 less
    its ratio to that of all pairs (0 where all features point one way). On training images `nc1`; `orthogonality_gap`
    and `etf_gap`, the distances of the class means' Gram matrix from that of an orthogonal frame, and of the centred
    means' from that of a simplex equiangular tight frame (Kini et al. 2023); `class_mean_cosine`, the mean cosine of
    two class means.
    """
    within, total = cosine_distances(test, test_labels)
    sums, counts = class_sums(train.double(), train_labels)
    means = sums / counts
    eye = torch.eye(len(means), dtype=means.dtype, device=means.device)
    unit = F.normalize(means, dim=1)
    pairs = max(len(means) * (len(means) - 1), 1)
    return {
        "within_class_distance": within,
        "class_separation": 1 - within / total if total > 1e-9 else 0.0,
        "nc1": nc1(train, train_labels),
        "orthogonality_gap": frame_gap(means, eye),
        "etf_gap": frame_gap(means - means.mean(0), eye - 1 / len(means)),
        "class_mean_cosine": (float((unit @ unit.T).sum()) - float(unit.square().sum())) / pairs,
    }
