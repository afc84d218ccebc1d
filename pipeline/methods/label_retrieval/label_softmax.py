"""A softmax over all labels in which a query's positives compete with each other as with the negatives."""

from pipeline.contract import Tensor
from pipeline.methods.label_retrieval import DualEncoder, per_positive


class LabelSoftmax(DualEncoder):
    """L = -1/B sum_b 1/|P_b| sum_{p in P_b} log e^{s_p} / sum_l e^{s_l}, s = cosine / tau.

    InfoNCE with several positives. The mean over them is what DEXML's code comes to, which draws one of them a step;
    without that it has their sum. Least where each of |P_b| positives has the probability 1/|P_b|.
    """

    paper = ""

    def objective(self, scores: Tensor, labels: Tensor) -> Tensor:
        return per_positive(scores.log_softmax(1), labels)
