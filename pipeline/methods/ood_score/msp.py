"""The maximum softmax probability: a classifier is less sure of what it has not seen."""

from pipeline.contract import Tensor
from pipeline.methods.ood_score import OODScore


class MSP(OODScore):
    """S(x) = max_k softmax_k(f(x)). Adding a constant to all logits of an input changes nothing."""

    paper = "msp"

    def score(self, inputs: Tensor) -> Tensor:
        return self.logits(inputs).softmax(1).amax(1)
