"""Clusters of equal size, by halving: each part is cut in two by whichever of two centres is nearer."""

import torch
import torch.nn.functional as F
from torch import Tensor

ROUNDS = 8
"""Of each cut; what is still moving then are points between the halves."""


@torch.no_grad()
def balanced_clusters(points: Tensor, size: int, generator: torch.Generator | None = None) -> Tensor:
    """(N,) the number of each point's cluster, from 0; clusters have at most `size` of the points (N, D), and sizes
    differ by one at most at each depth.

    By cosine. Two centres start on points drawn at random; the half with the greater difference of cosines goes to the
    first, and centres become the means of their halves. Draws from a CPU generator, torch's global one when None.
    """
    units = F.normalize(points.float())
    parts, done = [torch.arange(len(points), device=points.device)], []
    while parts:
        part = parts.pop()
        if len(part) <= size:
            done.append(part)
            continue
        parts += _halves(part, units[part], generator)
    numbers = torch.empty(len(points), dtype=torch.long, device=points.device)
    for number, part in enumerate(done):
        numbers[part] = number
    return numbers


def _halves(part: Tensor, units: Tensor, generator: torch.Generator | None) -> list[Tensor]:
    """The places `part` (n,) of unit vectors (n, D) in two."""
    centres = units[torch.randperm(len(part), generator=generator)[:2].to(part.device)]
    order = previous = torch.arange(len(part), device=part.device)
    for _ in range(ROUNDS):
        order = (units @ (centres[0] - centres[1])).argsort(descending=True, stable=True)
        first, second = order[: len(part) // 2].sort().values, order[len(part) // 2 :]
        if torch.equal(first, previous):
            break
        previous = first
        centres = F.normalize(torch.stack([units[first].mean(0), units[second].mean(0)]))
    return [part[order[: len(part) // 2]], part[order[len(part) // 2 :]]]
