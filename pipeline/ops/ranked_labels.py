"""Labels ranked by their scores for a query that has several of them."""

import torch
from torch import Tensor


def first(scores: Tensor, positives: Tensor, count: int) -> tuple[Tensor, Tensor]:
    """(N, k) the labels with the highest of scores (N, L), best first, and (N, k) bool whether each is one of the
    query's positives (N, L); k is `count`, or L if there are fewer."""
    places = scores.topk(min(count, scores.shape[1]), dim=1).indices
    return places, positives.gather(1, places) > 0


def precision(scores: Tensor, positives: Tensor, count: int) -> Tensor:
    """(N,) shares of the first `count` labels that are right, in percent."""
    return 100.0 * first(scores, positives, count)[1].double().sum(1) / count


def recall(scores: Tensor, positives: Tensor, count: int) -> Tensor:
    """(n,) shares of a query's positives among its first `count` labels, in percent; of queries that have any."""
    some = positives.sum(1) > 0
    found = first(scores[some], positives[some], count)[1].double().sum(1)
    return 100.0 * found / positives[some].double().sum(1)


def inverse_propensities(counts: Tensor, examples: int, a: float = 0.55, b: float = 1.5) -> Tensor:
    """(L,) float64: 1 + C (n + b)^-a with C = (ln N - 1)(b + 1)^a, of labels that n (L,) of N examples show.

    How much more a label that is rarely seen counts (Jain et al. 2016), with their a and b for most data sets.
    """
    scale = (torch.tensor(float(examples), dtype=torch.float64).log() - 1) * (b + 1) ** a
    return 1 + scale * (counts.double() + b) ** -a
