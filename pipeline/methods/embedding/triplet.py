"""An image must be nearer to one of its class than to one of another class by a margin, for negatives just too near."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding import Embedding
from pipeline.ops.pairs import mean_of, same_and_different


class Triplet(Embedding):
    """L = [d_ap - d_an + m]_+ with d the squared distance of unit embeddings, m = 0.2 (section 3.1).

    For every pair of one class in the batch the negative is semi-hard (section 3.2): of those further from the anchor
    than the positive is, the nearest; none where there is none. The hardest negatives of all lead to collapsed models
    early in training. The mean is over the triplets whose hinge is open.
    """

    paper = "facenet"
    margin: float = setting(0.2, unit="squared distance", low=0.0, high=4.0)

    def cosine_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        same, different = same_and_different(labels)
        apart = 2 - 2 * cosines
        anchor, positive = same.nonzero(as_tuple=True)
        to_positive = apart[anchor, positive]
        further = different[anchor] & (apart[anchor] > to_positive[:, None])
        to_negative = apart[anchor].masked_fill(~further, torch.inf).amin(1)
        hinge = to_positive - to_negative + self.margin
        return mean_of(hinge, hinge > 0)
