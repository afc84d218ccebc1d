"""Each label is a question of its own, whether the query shows it, with all labels in every step."""

import torch.nn.functional as F

from pipeline.contract import Tensor
from pipeline.methods.label_retrieval import DualEncoder


class OneVsAll(DualEncoder):
    """L = 1/(B L) sum_b sum_l log(1 + e^{s_l}) - y_l s_l: binary cross-entropy of sigmoid(s_l), s_l = cosine / tau.

    As DEXML's authors have it among their baselines, without a bias.
    """

    paper = ""

    def objective(self, scores: Tensor, labels: Tensor) -> Tensor:
        return F.binary_cross_entropy_with_logits(scores, labels)
