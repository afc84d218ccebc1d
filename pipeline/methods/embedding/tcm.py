"""One threshold shall serve all classes: pairs that cross a fixed cosine are pulled back, beside multi-similarity."""

from pipeline.contract import Tensor, setting
from pipeline.methods.embedding.multi_similarity import MultiSimilarity
from pipeline.ops.pairs import threshold_excess


class TCM(MultiSimilarity):
    """L = L_base + lambda+ mean_{s+ <= m+} (m+ - s+) + lambda- mean_{s- >= m-} (s- - m-).

    s+ and s- are the cosines of all pairs of one class and of two in the batch; a mean over no pair is 0. m+ = 0.9,
    m- = 0.5 and weights of 1 are the defaults of a public implementation; the authors have published no code. The base
    is multi-similarity here, `tcm_softmax` has the normalised softmax.
    """

    paper = "tcm"
    positive_weight: float = setting(1.0, unit="weight", low=0.0)
    negative_weight: float = setting(1.0, unit="weight", low=0.0)
    positive_margin: float = setting(0.9, unit="cosine", low=-1.0, high=1.0)
    negative_margin: float = setting(0.5, unit="cosine", low=-1.0, high=1.0)

    def cosine_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        base = super().cosine_loss(cosines, labels)
        near, far = threshold_excess(cosines, labels, self.positive_margin, self.negative_margin)
        return base + self.positive_weight * near + self.negative_weight * far
