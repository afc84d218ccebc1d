"""Episodes: small classification problems drawn from a pool of labelled examples, a few of each of a few classes."""

from dataclasses import dataclass

import torch
from torch import Tensor

REDRAWN = 1000
"""So often shares of queries are drawn anew where a class has too few examples for its share."""


@dataclass(frozen=True)
class Episodes:
    """E episodes of W classes, by places in the pool. Labels are 0..W-1, of each episode's own classes."""

    support: Tensor
    """(E, W, S): the labelled examples of each class."""
    queries: Tensor
    """(E, Q): what is to be classified, class by class."""
    query_labels: Tensor
    """(E, Q)."""
    others: Tensor
    """(E, W, R): examples of each class that no episode of this kind asks for, for what has more than the support."""

    @property
    def support_labels(self) -> Tensor:
        """(E, W S) of the support, flattened."""
        episodes, ways, shots = self.support.shape
        return torch.arange(ways).repeat_interleave(shots).expand(episodes, -1)


def draw(
    labels: Tensor,
    ways: int,
    shots: int,
    queries: int,
    count: int,
    generator: torch.Generator,
    *,
    adjacent: bool = False,
    concentration: float = 0.0,
) -> Episodes:
    """Episodes from a pool with labels (N,) in 0..C-1.

    Each has `ways` classes, drawn alike or, where `adjacent`, next to each other by their numbers. Of each, `shots` are
    labelled and `queries` to be classified, or as many as every class has beside the labelled ones. With a
    `concentration` above 0, classes' shares of the ways x queries of an episode are drawn from a Dirichlet
    distribution, anew while a class lacks the examples for its share; classes and labelled examples are those that are
    drawn without it.
    """
    counts = torch.bincount(labels)
    least, most = int(counts.min()), int(counts.max())
    if len(counts) < ways or least <= shots:
        raise ValueError(f"{ways} classes with more than {shots} examples each from {len(counts)} with {least} or more")
    members = labels.argsort(stable=True).split(counts.tolist())
    padded = torch.stack([torch.cat([each, each.new_full((most - len(each),), -1)]) for each in members])
    classes = torch.rand(count, len(counts), generator=generator).argsort(1)[:, :ways]
    if adjacent:
        first = torch.randint(len(counts) - ways + 1, (count, 1), generator=generator)
        classes = first + torch.arange(ways)
    keys = torch.rand(count, ways, most, generator=generator).masked_fill(padded[classes] < 0, 2.0)
    drawn = padded[classes].gather(2, keys.argsort(2))
    asked = min(queries, least - shots)
    sizes = torch.full((count, ways), asked)
    if concentration:
        sizes = _sizes(ways * asked, torch.full((ways,), concentration), counts[classes] - shots, generator)
    rank = torch.arange(most - shots)
    taken = rank < sizes[..., None]
    query_labels = torch.arange(ways)[:, None].expand(count, -1, most - shots)
    return Episodes(
        drawn[:, :, :shots],
        drawn[:, :, shots:][taken].view(count, -1),
        query_labels[taken].view(count, -1),
        drawn[:, :, shots + asked : least],
    )


def _sizes(total: int, concentration: Tensor, there: Tensor, generator: torch.Generator) -> Tensor:
    """(E, W) numbers of queries that sum to `total` in each episode, at most `there` (E, W)."""
    found = torch.zeros_like(there)
    left = torch.arange(len(there))
    for _ in range(REDRAWN):
        shares = torch._sample_dirichlet(concentration.expand(len(left), -1).contiguous(), generator=generator)
        picks = torch.multinomial(shares, total, replacement=True, generator=generator)
        sizes = torch.zeros(len(left), len(concentration), dtype=torch.long).scatter_add_(
            1, picks, torch.ones_like(picks)
        )
        fits = (sizes <= there[left]).all(1)
        found[left[fits]] = sizes[fits]
        left = left[~fits]
        if not len(left):
            return found
    raise ValueError(f"no draw of {total} queries leaves every class with as many examples as it needs")
