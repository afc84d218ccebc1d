"""An image must be nearer to the farthest image of its class in the batch than to the nearest one of another class."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding import Embedding
from pipeline.ops.pairs import mean_of, same_and_different


class TripletHard(Embedding):
    """Batch hard, equation 5: L = mean_a softplus(max_p d_ap - min_n d_an); with `soft` off [m + max - min]_+.

    d is the Euclidean distance of embeddings of any length, by which images are compared in evaluation too, as in the
    paper: a soft margin would mean little on the unit sphere. The mean is over anchors that have both a positive and a
    negative in the batch.
    """

    paper = "triplet_hard"
    soft: bool = setting(True)
    margin: float = setting(0.2, unit="distance, of the hinge", low=0.0)

    def pair_loss(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        same, different = same_and_different(labels)
        apart, both = euclidean(embeddings, embeddings), same.any(1) & different.any(1)
        farthest = apart.masked_fill(~same, -torch.inf).amax(1)
        nearest = apart.masked_fill(~different, torch.inf).amin(1)
        missing = (farthest - nearest).where(both, 0.0)
        return mean_of(F.softplus(missing) if self.soft else (missing + self.margin).relu(), both)

    def similarity(self, queries: Tensor, gallery: Tensor) -> Tensor:
        return -euclidean(queries.float(), gallery.float())


def euclidean(first: Tensor, second: Tensor) -> Tensor:
    """(n, m) distances of (n, D) and (m, D), held above 1e-6, since the gradient is infinite at 0."""
    squares = first.square().sum(1)[:, None] + second.square().sum(1) - 2 * first @ second.T
    return squares.clamp_min(1e-12).sqrt()
