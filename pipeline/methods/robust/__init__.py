"""Classifiers that are meant to learn from labels of which some are wrong."""

from pipeline.contract import Tensor, setting
from pipeline.methods.classifier import Classifier


class RobustLoss(Classifier):
    """The mean over the batch of a loss on log-probabilities log p = log softmax(z). Members override `losses`."""

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        log_p = logits.log_softmax(1)
        return self.losses(log_p, log_p.gather(1, labels[:, None]).squeeze(1)).mean()

    def losses(self, log_p: Tensor, given: Tensor) -> Tensor:
        """(B,) losses of log-probabilities (B, K) and, among them, those of the given labels (B,)."""
        raise NotImplementedError


class ActivePassive(RobustLoss):
    """L = alpha NCE + beta `passive`, NCE = log p_y / sum_k log p_k, which is in [0, 1]. Members override `passive`.

    NCE is cross-entropy divided by the sum of what it would be with every possible label. It is active (it only looks
    at p_y); a passive loss also says that the other probabilities shall be small.

    The weights are the authors' for CIFAR-10, alpha = beta = 1. Their configurations have alpha = 1, beta = 10 for
    MNIST and for 100 classes alpha = 10 with beta = 1 (MAE) or 0.1 (RCE). Gradients, which they clip at norm 5, are
    not clipped here.
    """

    alpha: float = setting(1.0, low=0.0)
    beta: float = setting(1.0, low=0.0)

    def losses(self, log_p: Tensor, given: Tensor) -> Tensor:
        return self.alpha * given / log_p.sum(1) + self.beta * self.passive(-given.expm1())

    def passive(self, missing: Tensor) -> Tensor:
        """(B,) losses of the probability 1 - p_y (B,) that the given labels miss."""
        raise NotImplementedError
