"""The largest logit, without the softmax that lets similar classes share, and so hide, confidence."""

from pipeline.contract import Tensor
from pipeline.methods.ood_score import OODScore


class MaxLogit(OODScore):
    """S(x) = max_k f_k(x); the paper's anomaly score is its negative."""

    paper = "max_logit"

    def score(self, inputs: Tensor) -> Tensor:
        return self.logits(inputs).amax(1)
