"""Images of one class are drawn together, and those of two classes apart until they are a margin away."""

from pipeline.contract import Tensor, setting
from pipeline.methods.embedding import Embedding
from pipeline.ops.pairs import distances, mean_of, same_and_different


class Contrastive(Embedding):
    """L = mean over pairs of one class of d + mean over pairs of two of [m - d]_+, d the distance of unit embeddings.

    Means are over the terms that are not zero, as is usual today, and pairs are all those of a batch. The paper squares
    both hinges, takes embeddings of any length, and sums over given pairs. m = 0.5 as in Metrix's experiments;
    libraries have 1. `repulsion` is the weight of the second mean: at 0 all collapses into a point, as the paper warns.
    """

    paper = "contrastive_loss"
    margin: float = setting(0.5, unit="distance", low=0.0, high=2.0)
    repulsion: float = setting(1.0, unit="weight", low=0.0)

    def cosine_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        same, different = same_and_different(labels)
        apart = distances(cosines)
        missing = self.margin - apart
        return mean_of(apart, same) + self.repulsion * mean_of(missing, different & (missing > 0))
