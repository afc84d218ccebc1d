"""How features of several classes lie: spread within classes against between them, and the frame of the class means."""

import torch.nn.functional as F
from torch import Tensor

from pipeline.errors import Absent


def class_means(features: Tensor, labels: Tensor) -> Tensor:
    """(K', F) float64 means of features (N, F) over the K' classes that occur in labels (N,), in their order."""
    features = features.double()
    _, places = labels.unique(return_inverse=True)
    one_hot = F.one_hot(places).to(features.dtype)
    return one_hot.T @ features / one_hot.sum(0)[:, None]


def with_pairs(labels: Tensor) -> Tensor:
    """Labels (N,) as they are; raises Absent where no class has two examples, so that nothing lies within a class."""
    if len(labels.unique()) == len(labels):
        raise Absent("no class has two examples")
    return labels


def several(rows: Tensor, what: str) -> Tensor:
    """Rows (N, F) as they are, one for each of what they are of; raises Absent where there is one alone."""
    if len(rows) < 2:
        raise Absent(f"there is one {what}, and it takes two")
    return rows


def apart(means: Tensor) -> Tensor:
    """Class means (K, F) less their mean; raises Absent where that leaves nothing: of one class, or in one place."""
    centred = several(means, "class") - means.mean(0)
    if not bool(centred.norm() > 1e-9 * means.norm()):
        raise Absent("the class means coincide")
    return centred


def cosine_distances(features: Tensor, labels: Tensor) -> tuple[float, float]:
    """Mean of 1 - cos over pairs of one class, the mean of the classes' means, and over all pairs.

    Features (N, F). An example is paired with itself too, as in equation 11 of Kornblith et al. 2021, "Why do better
    loss functions lead to less transferable features?", whose class separation is R^2 = 1 - within / total.
    """
    means = class_means(F.normalize(features.double(), dim=1), labels)
    within = 1 - means.square().sum(1)
    return float(within.mean()), float(1 - means.mean(0).square().sum())


def frame_gap(means: Tensor, ideal: Tensor) -> float:
    """|G / |G| - G* / |G*|| in the Frobenius norm, G the Gram matrix of means (K, F), G* (K, K) the ideal; 0 to 2."""
    gram = means @ means.T
    return float((gram / gram.norm() - ideal / ideal.norm()).norm())
