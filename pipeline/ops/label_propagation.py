"""Labels that spread over a graph of embeddings."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LabelledBank(nn.Module):
    """Embeddings of labelled inputs, as they were when last seen; random until then."""

    embeddings: Tensor
    """(N, D) of unit length."""
    classes: Tensor
    """(N, K) of them, 0 and 1; all 0 where labels were not given yet."""

    def __init__(
        self, examples: int, dim: int, classes: int, neighbours: int, alpha: float, temperature: float
    ) -> None:
        super().__init__()
        self.neighbours, self.alpha, self.temperature = min(neighbours, examples), alpha, temperature
        self.register_buffer("embeddings", F.normalize(torch.randn(examples, dim)))
        self.register_buffer("classes", torch.zeros(examples, classes))

    @torch.no_grad()
    def spread(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """`propagated` (M, K) labels of unit embeddings (M, D) with labels (M, K) among the nearest of the bank."""
        nearest = (embeddings @ self.embeddings.T).topk(self.neighbours).indices
        known = (self.embeddings[nearest], self.classes[nearest])
        return propagated(embeddings, labels, *known, self.alpha, self.temperature)


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
