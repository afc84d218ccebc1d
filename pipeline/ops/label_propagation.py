"""Labels that spread over a graph of embeddings."""

import torch
from torch import Tensor


def propagated(
    embeddings: Tensor, labels: Tensor, neighbours: Tensor, theirs: Tensor, alpha: float, temperature: float
) -> Tensor:
    """Labels (M, K) of unit embeddings (M, D) with labels (M, K) among neighbours (M, n, D) with theirs (M, n, K).

    The row of the embedding itself in (1 - alpha) (I - alpha A)^-1 Y: A is a softmax of cosines over the temperature,
    row by row, of its graph with n + 1 nodes and no edges from a node to itself.
    """
    nodes = torch.cat([embeddings[:, None], neighbours], 1)
    known = torch.cat([labels[:, None], theirs], 1)
    own = torch.eye(nodes.shape[1], dtype=torch.bool, device=nodes.device)
    edges = (nodes @ nodes.mT / temperature).masked_fill(own, -torch.inf).softmax(2)
    system = own.to(edges) - alpha * edges
    first = own[0].to(edges).expand(len(nodes), -1)
    return (1 - alpha) * (torch.linalg.solve(system.mT, first)[:, None] @ known)[:, 0]
