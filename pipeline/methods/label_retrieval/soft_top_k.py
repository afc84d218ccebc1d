"""Positives shall be among the first k, by a smooth top-k of all scores."""

from pipeline.contract import Tensor, setting
from pipeline.methods.label_retrieval import DualEncoder, per_positive
from pipeline.ops.soft_top_k import log_top_k


class SoftTopK(DualEncoder):
    """L = -1/B sum_b 1/|P_b| sum_{p in P_b} log sigmoid(alpha (s_p + t_b)), t_b such that sum_l sigmoid(alpha (s_l +
    t_b)) = k.

    s = cosine / tau. The threshold t_b is a function of all scores, with the gradient of the implicit function. tau =
    0.05, k = 5 and alpha = 2 as in the authors' configurations.
    """

    paper = "dexml"
    requires = ("k < num_classes",)
    k: int = setting(5, unit="labels", low=1)
    alpha: float = setting(2.0, unit="steepness of the sigmoid", low=0.01)

    def objective(self, scores: Tensor, labels: Tensor) -> Tensor:
        return per_positive(log_top_k(scores, self.k, self.alpha), labels)
