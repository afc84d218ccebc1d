"""Sets of local features, and how well one can be carried onto another."""

import torch
import torch.nn.functional as F
from torch import Tensor


def cluster_centres(patches: Tensor, clusters: int, rounds: int, generator: torch.Generator | None) -> Tensor:
    """(B, K, D) by k-means of each row's patches (B, P, D), with gradients to these through the means alone.

    It starts from K of the patches, the same places in all rows; a cluster that loses all patches keeps its centre.
    """
    places = torch.randperm(patches.shape[1], generator=generator)[:clusters].to(patches.device)
    centres = patches[:, places]
    for _ in range(rounds):
        with torch.no_grad():
            nearest = torch.cdist(patches, centres).argmin(2)
            members = F.one_hot(nearest, centres.shape[1]).to(patches.dtype)
            counts = members.sum(1)[..., None]
        means = members.transpose(1, 2) @ patches / counts.clamp_min(1)
        centres = torch.where(counts > 0, means, centres)
    return centres


def transported(similarity: Tensor, temperature: float, iterations: int) -> Tensor:
    """(B,) sum_ij T_ij s_ij of similarities s (B, M, N), with T by Sinkhorn's algorithm, and no gradient through T.

    T has the kernel exp(-(1 - s) / temperature) and the same weight for all rows, and for all columns.
    """
    with torch.no_grad():
        kernel = ((similarity - 1) / temperature).exp()
        rows, columns = (kernel.new_full((*kernel.shape[:1], n), 1 / n) for n in kernel.shape[1:])
        left, right = torch.ones_like(rows), torch.ones_like(columns)
        for _ in range(iterations):
            left = rows / (kernel @ right[..., None]).squeeze(2)
            right = columns / (kernel.transpose(1, 2) @ left[..., None]).squeeze(2)
        plan = left[..., None] * kernel * right[:, None]
    return (plan * similarity).sum((1, 2))
