"""Each positive label has a softmax of its own, against the negatives alone."""

from pipeline.contract import Tensor
from pipeline.methods.label_retrieval import DualEncoder, decoupled


class DecoupledSoftmax(DualEncoder):
    """L = -1/B sum_b 1/|P_b| sum_{p in P_b} log e^{s_p} / (e^{s_p} + sum_{n not in P_b} e^{s_n}), s = cosine / tau.

    tau = 0.05 and all labels in every step, as in the authors' code. That draws one positive of each query a step,
    the others still left out of the sum; here all of them count, which is its mean. With one label a query it is
    `label_softmax`.
    """

    paper = "dexml"

    def objective(self, scores: Tensor, labels: Tensor) -> Tensor:
        return decoupled(scores, labels)
