"""A memory of one feature per example, clustered by mini-batches while the features change."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.ops.kmeans import kmeans


class OnlineClusters(nn.Module):
    """The latest unit feature of each example, its cluster, and the clusters' means.

    An example is assigned when its feature comes in, the means follow at `renew`. Clusters of fewer than `smallest`
    examples are dissolved there, and each takes about half of one of the largest.
    """

    features: Tensor
    labels: Tensor
    means: Tensor

    def __init__(self, examples: int, dim: int, clusters: int, smallest: int) -> None:
        super().__init__()
        self.smallest = smallest
        self.register_buffer("features", F.normalize(torch.randn(examples, dim)))
        self.register_buffer("labels", torch.arange(examples) % clusters)
        self.register_buffer("means", self.features[:clusters].clone())

    @torch.no_grad()
    def restart(self, features: Tensor) -> None:
        """Begin with the features (N, D) of all examples, clustered by k-means."""
        self.features.copy_(F.normalize(features.float()))
        means, labels = kmeans(self.features, len(self.means), iterations=20)
        self.means.copy_(means)
        self.labels.copy_(labels)

    @torch.no_grad()
    def push(self, places: Tensor, features: Tensor) -> None:
        """New unit features (B, D) of the examples at places (B,), which join the clusters nearest to them."""
        self.features[places] = features
        self.labels[places] = (features @ self.means.T).argmax(1)

    @torch.no_grad()
    def renew(self) -> None:
        """Dissolve small clusters, split large ones, renew the means."""
        small = self._sizes() < self.smallest
        nearest = (self.features @ self.means.T).masked_fill(small, -torch.inf).argmax(1)
        self.labels.copy_(torch.where(small[self.labels], nearest, self.labels))
        by_size = self._sizes().argsort(descending=True)
        half = len(by_size) // 2
        large, spare = by_size[:half], by_size.flip(0)[:half]
        partner = torch.arange(len(by_size), device=by_size.device)
        partner[large] = torch.where(small[spare] & ~small[large], spare, large)
        self._average()
        # halves on the two sides of a random plane through the mean, where the authors run k-means again
        side = torch.randn_like(self.means)[self.labels] * (self.features - self.means[self.labels])
        self.labels.copy_(torch.where(side.sum(1) > 0, partner[self.labels], self.labels))
        self._average()

    def alike(self, places: Tensor) -> Tensor:
        """(B,) places of random members of the clusters of the examples at places (B,), themselves included."""
        sizes, own = self._sizes(), self.labels[places]
        first = sizes.cumsum(0) - sizes
        chosen = first[own] + (torch.rand(len(places), device=places.device) * sizes[own]).long()
        return self.labels.argsort()[chosen]

    @torch.no_grad()
    def semi_hard(self, queries: Tensor, places: Tensor, pool: int, count: int) -> tuple[Tensor, Tensor]:
        """(B, count) random places out of the `pool` nearest to each query (B, D), other clusters' first, and whether
        they are of another cluster than the example at places (B,): some are not where the pool has too few.
        """
        near = (queries @ self.features.T).topk(pool, sorted=False).indices
        other = self.labels[near] != self.labels[places, None]
        drawn = (torch.rand(near.shape, device=near.device) + other).topk(count, sorted=False).indices
        return near.gather(1, drawn), other.gather(1, drawn)

    def _sizes(self) -> Tensor:
        return torch.bincount(self.labels, minlength=len(self.means))

    def _average(self) -> None:
        """Means of the clusters' features; an empty cluster keeps its own."""
        member = F.one_hot(self.labels, len(self.means)).T.to(self.features.dtype)
        sizes = member.sum(1, keepdim=True)
        self.means.copy_(torch.where(sizes > 0, member @ self.features / sizes.clamp_min(1), self.means))
