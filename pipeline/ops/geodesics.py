"""Geodesics between two classes' images in the space of distributions (Wasserstein-2), and a loss along them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.assignment import assignment
from pipeline.ops.attacks import Classify


@dataclass(frozen=True)
class Geodesics:
    """M pairs of images x and T(x) of two classes; those of one couple of classes make up a geodesic.

    The distribution at t in [0, 1] is that of (1 - t) x + t T(x) where T is the optimal transport of squared
    distances, which between equally many images is a pairing.
    """

    starts: Tensor
    """(M, ...) views."""
    ends: Tensor
    classes: Tensor
    """(M, 2) int64: of the starts and the ends."""
    couples: Tensor
    """(M,) int64: to which of the couples a pair belongs."""

    def points(self, t: Tensor) -> Tensor:
        """(M, ...) views at t, (M,)."""
        return self.starts.lerp(self.ends, t.view(-1, *[1] * (self.starts.ndim - 1)))

    def losses(self, logits: Tensor, t: Tensor) -> Tensor:
        """(M,) cross-entropy of the logits (M, K) of the points at t, (M,), with labels mixed alike."""
        log_p = logits.log_softmax(1).gather(1, self.classes)
        return -((1 - t) * log_p[:, 0] + t * log_p[:, 1])

    def means(self, losses: Tensor) -> Tensor:
        """(C,) means of losses (M,) over the pairs of each couple."""
        sums = torch.zeros(len(self.counts), dtype=losses.dtype, device=losses.device)
        return sums.index_add(0, self.couples, losses) / self.counts

    @property
    def counts(self) -> Tensor:
        """(C,) pairs of each couple."""
        return torch.bincount(self.couples)

    def curve(self, classify: Classify, grid: int) -> Tensor:
        """(grid, C) mean losses at `grid` places, even from 0 to 1."""
        pairs = len(self.starts)
        places = torch.linspace(0, 1, grid, dtype=self.starts.dtype, device=self.starts.device)
        t = places.repeat_interleave(pairs).split(pairs)
        return torch.stack([self.means(self.losses(classify(self.points(each)), each)) for each in t])


def between(views: Tensor, labels: Tensor, couples: Tensor, inputs: Inputs, transport: bool = True) -> Geodesics:
    """Geodesics of couples (C, 2) of classes, by as many views of each as the one with fewer has, the first.

    Without `transport` views are paired as they come.
    """
    parts = []
    scale = inputs.scale.to(views)
    for number, pair in enumerate(couples):
        one, other = ((labels == label).nonzero().squeeze(1) for label in pair)
        count = min(len(one), len(other))
        one, other = one[:count], other[:count]
        if transport:
            starts, ends = ((views[of] / scale).flatten(1) for of in (one, other))
            other = other[assignment(-(starts @ ends.T) + 0.5 * ends.square().sum(1))]
        parts.append((views[one], views[other], pair.expand(count, 2), torch.full_like(one, number)))
    return Geodesics(*(torch.cat(of) for of in zip(*parts, strict=True)))


def variation(curve: Tensor) -> Tensor:
    """(C,) how much losses (T, C) rise and fall from place to place, all in all: the integral of |dL / dt|."""
    return curve.diff(dim=0).abs().sum(0)


@torch.no_grad()
def curves(classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, grid: int = 9, count: int = 20) -> Tensor:
    """(grid, C) mean losses on the geodesics of all couples of classes, by the first `count` views of each."""
    classes = labels.unique()
    first = torch.cat([(labels == label).nonzero().squeeze(1)[:count] for label in classes])
    return between(views[first], labels[first], torch.combinations(classes), inputs).curve(classify, grid)
