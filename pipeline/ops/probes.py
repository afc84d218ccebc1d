"""Probes: what frozen features (M, F) with labels (M,) say of the classes of other features (N, F)."""

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.ops import naive_bayes as gaussian_naive_bayes
from pipeline.ops.lbfgs import LIMIT, Minimum
from pipeline.ops.logistic import fit_multinomial
from pipeline.ops.naive_bayes import varies

ENTRIES = 1 << 24
"""Similarities held at once: 64 MiB of float32."""


@dataclass(frozen=True)
class LinearProbe:
    """A fitted linear probe."""

    logits: Tensor
    """(N, K) float64 of the test features."""
    solved: Minimum
    """How its solver ended."""


@torch.no_grad()
def linear_probe(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    num_classes: int,
    *,
    l2: float = 1e-4,
    iterations: int = LIMIT,
) -> LinearProbe:
    """Multinomial logistic regression on the training features (M, F), read off for the test features (N, F).

    Features are standardised by the training mean and deviation; a constant feature is left out. Solved until it has
    converged, or for `iterations` steps: it is then scikit-learn's StandardScaler before LogisticRegression with
    C = 1 / (l2 M) and a small tolerance, to about 1e-3 in a probability. The probe sees no test labels.
    """
    train, test = train_features.double(), test_features.double()
    deviation, mean = torch.std_mean(train, dim=0, correction=0)
    scale = torch.where(varies(train, deviation), 1 / deviation, 0.0)
    train, test = (train - mean) * scale, (test - mean) * scale
    solved = fit_multinomial(train, train_labels, num_classes, l2=l2, iterations=iterations)
    return LinearProbe(test @ solved.point[:-1] + solved.point[-1], solved)


@torch.no_grad()
def knn_predict(
    train_features: Tensor,
    train_labels: Tensor,
    test_features: Tensor,
    neighbours: int,
    num_classes: int,
    metric: Literal["cosine", "euclidean"] = "cosine",
) -> Tensor:
    """Predictions (N,) int64 by majority among the `neighbours` nearest of the training features (M, F).

    Of classes with equally many votes the one with the nearest neighbour wins. Memory is bounded.
    """
    train, test = train_features.flatten(1).float(), test_features.flatten(1).float()
    if metric == "cosine":
        train, test = F.normalize(train), F.normalize(test)
        offset = train.new_zeros(len(train))
    else:
        # |a - b|^2 = |a|^2 - 2 (a.b - |b|^2 / 2); centring first keeps float32 from cancelling
        centre = train.mean(0)
        train, test = train - centre, test - centre
        offset = -train.square().sum(1) / 2
    predictions = []
    for part in test.split(max(1, ENTRIES // len(train))):
        nearest = torch.addmm(offset, part, train.T).topk(min(neighbours, len(train)), dim=1).indices
        voted = train_labels[nearest]
        votes = F.one_hot(voted, num_classes).sum(1).gather(1, voted)
        # argmax gives the first of equals, and the neighbours are in order
        first = (votes == votes.amax(1, keepdim=True)).to(torch.uint8).argmax(1, keepdim=True)
        predictions.append(voted.gather(1, first).squeeze(1))
    return torch.cat(predictions)


@torch.no_grad()
def naive_bayes(train_features: Tensor, train_labels: Tensor, test_features: Tensor, num_classes: int) -> Tensor:
    """Log-probabilities (N, K) float64 of the test features, by Gaussian naive Bayes on the training features.

    Features (M, F) and (N, F). Linear in x, as logistic regression is; see `ops.naive_bayes.fit` for how it differs
    from scikit-learn's GaussianNB. A class without examples has probability 0.
    """
    fitted = gaussian_naive_bayes.fit(train_features, train_labels, num_classes)
    return gaussian_naive_bayes.log_joint(test_features, fitted).log_softmax(1)


def label_fraction(labels: Tensor, fraction: float, generator: torch.Generator) -> Tensor:
    """Indices, ascending, of round(fraction x n) of each class's n examples (N,), and of at least one.

    Drawn by `generator`, on the CPU. From one state of it, a smaller fraction's examples are among a larger one's.
    """
    order = torch.randperm(len(labels), generator=generator)
    drawn = labels.cpu()[order]
    chosen = []
    for number in drawn.unique():
        members = order[drawn == number]
        chosen.append(members[: max(1, round(fraction * len(members)))])
    return torch.cat(chosen).sort().values.to(labels.device)


def share_name(fraction: float) -> str:
    """How metrics name a share of the labels: `1pct`, `10pct`, `0_5pct`."""
    return f"{100 * fraction:g}pct".replace(".", "_")
