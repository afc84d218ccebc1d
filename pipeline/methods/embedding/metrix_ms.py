"""Mixtures of a positive and a negative enter both sums of the multi-similarity loss, weighted by their labels."""

from pipeline.contract import Tensor, setting
from pipeline.methods.embedding.metrix_contrastive import mixtures
from pipeline.methods.embedding.multi_similarity import MultiSimilarity
from pipeline.ops.pairs import log_one_plus_sum


class MetrixMS(MultiSimilarity):
    """L = L_clean + w mean_a [1/alpha log(1 + sum_v y e^{-alpha (s_av - l)})
    + 1/beta log(1 + sum_v (1 - y) e^{beta (s_av - l)})].

    The mixtures v of an anchor a are those of `metrix_contrastive`, and not mined. The authors have published code for
    the contrastive loss alone; this follows the general form of the text, in which labels weight the terms within the
    sums.
    """

    paper = "metrix"
    weight: float = setting(0.4, low=0.0)
    concentration: float = setting(2.0, low=1e-3)
    soft: bool = setting(True)

    def cosine_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        mixed, different, share = mixtures(cosines, labels, self.concentration)
        y, away = share if self.soft else share.round(), mixed - self.base
        near = log_one_plus_sum(y.log() - self.alpha * away, different, 1) / self.alpha
        far = log_one_plus_sum((1 - y).log() + self.beta * away, different, 1) / self.beta
        return super().cosine_loss(cosines, labels) + self.weight * (near + far).mean()
