"""Each other image of an image's class in the batch is a positive in a softmax over all of the batch."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding import Embedding
from pipeline.ops.pairs import same_and_different
from pipeline.ops.similarity import contrast_of_many


class SupConEmbedding(Embedding):
    """Supervised contrast, equation 2 of Khosla et al., of one view of each image and without a projector.

    L = mean_i -1/|P(i)| sum_{p in P(i)} log exp(z_i . z_p / tau) / sum_{a != i} exp(z_i . z_a / tau), z unit, over the
    images i that have another of their class in the batch. What is contrasted is what is tested, where `sup_con` has
    two views and a projector between.
    """

    paper = "sup_con"
    temperature: float = setting(0.1, unit="cosine", low=1e-3)

    def cosine_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        same, _ = same_and_different(labels)
        anchors = same.any(1)
        if not anchors.any():
            return 0.0 * cosines.sum()
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        return contrast_of_many(cosines[anchors] / self.temperature, same[anchors], itself[anchors])
