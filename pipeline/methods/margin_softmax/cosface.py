"""The true class must win by a margin in cosine, not merely win."""

from pipeline.contract import Tensor, setting
from pipeline.methods.margin_softmax import MarginSoftmax


class CosFace(MarginSoftmax):
    """Equation 4 (large margin cosine loss): t(cos theta_y) = cos theta_y - m. m = 0 is the normalised softmax.

    m = 0.35 and s = 64 are the paper's for faces; its bound for C classes in enough dimensions, m <= C / (C - 1),
    holds for any data set.
    """

    paper = "cosface"
    margin: float = setting(0.35, unit="cosine", low=0.0, high=1.0)

    def target(self, cosine: Tensor) -> Tensor:
        return cosine - self.margin
