"""One threshold shall serve all classes: pairs that cross a fixed cosine are pulled back, beside a softmax."""

from pipeline.contract import Tensor, setting
from pipeline.methods.embedding.normalised_softmax import NormalisedSoftmax
from pipeline.ops.pairs import threshold_excess
from pipeline.ops.retrieval import cosines as between


class TCMSoftmax(NormalisedSoftmax):
    """L = L_softmax + lambda+ mean_{s+ <= m+} (m+ - s+) + lambda- mean_{s- >= m-} (s- - m-), see `tcm`.

    The cosines s are of pairs of images, as there, and not with the classes' directions. So batches have several images
    of each class.
    """

    paper = "tcm"
    images_per_class: int = setting(4, unit="images of each class of a batch, 0 for random batches", low=0)
    positive_weight: float = setting(1.0, unit="weight", low=0.0)
    negative_weight: float = setting(1.0, unit="weight", low=0.0)
    positive_margin: float = setting(0.9, unit="cosine", low=-1.0, high=1.0)
    negative_margin: float = setting(0.5, unit="cosine", low=-1.0, high=1.0)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        base = super().centre_loss(cosines, labels, embeddings)
        pairs = between(embeddings, embeddings)
        near, far = threshold_excess(pairs, labels, self.positive_margin, self.negative_margin)
        return base + self.positive_weight * near + self.negative_weight * far
