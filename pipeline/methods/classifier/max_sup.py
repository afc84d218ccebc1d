"""Label smoothing's penalty on the largest logit instead of the true one, so that errors are damped, not fed."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.classifier import Classifier


class MaxSup(Classifier):
    """L = CE(z, y) + alpha (z_max - mean_k z_k), z_max = max_k z_k, averaged over the batch.

    Where the largest logit is the true one this is label smoothing with the same alpha; alpha = 0 is cross-entropy.
    The gradient flows through z_max and the mean, as in the authors' code, which raises alpha linearly from 0.1 to
    0.2 over training; there it changes once an epoch, here with every step. Equal `alpha_start` and `alpha_end`
    give the constant alpha of the formula.
    """

    paper = "max_sup"
    alpha_start: float = setting(0.1, low=0.0)
    alpha_end: float = setting(0.2, low=0.0)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        alpha = self.alpha_start + (self.alpha_end - self.alpha_start) * self.progress
        z = logits if logits.dtype.itemsize >= 4 else logits.float()
        return F.cross_entropy(z, labels) + alpha * (z.amax(1) - z.mean(1)).mean()
