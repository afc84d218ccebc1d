"""Classification by cosines with a direction for each class: the embedding is what is left when these are dropped."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.embedding import ClassCentres


class NormalisedSoftmax(ClassCentres):
    """L = -log exp(cos(x, w_y) / T) / sum_j exp(cos(x, w_j) / T), with T = 0.05; no bias.

    The margin losses without their margin. Batches are random; with `images_per_class` they hold several images of a
    class, which the paper found to help where classes are few.
    """

    paper = "normalised_softmax"
    temperature: float = setting(0.05, unit="cosine", low=1e-3)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        return F.cross_entropy(cosines / self.temperature, labels)
