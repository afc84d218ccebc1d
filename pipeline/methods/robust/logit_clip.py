"""Vectors of logits are shortened to a largest length, which bounds cross-entropy from above and from below."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.classifier import Classifier


class LogitClip(Classifier):
    """CE(clip(z), y) with clip(z) = z where |z|_p < tau, else tau z / |z|_p; p = 2.

    No logit then exceeds tau, so that the loss lies between log(1 + (K - 1) exp(-2 tau)) and the same with 2 tau. Only
    the loss sees clipped logits: as in the authors' code, evaluation takes z itself, whose argmax is the same.

    The paper chooses tau on validation data. The default is the length 1 / 1.5 of the one command that the authors'
    repository gives (CIFAR-10, symmetric noise). Its code shortens to 1 / t what is longer than t, which for t = 1.5
    jumps; here, as in the paper's formula, threshold and length are the same tau.
    """

    paper = "logit_clip"
    tau: float = setting(0.6667, unit="logits", low=1e-3)
    norm: float = setting(2.0, unit="p", low=1.0)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(self.clip(logits), labels)

    def clip(self, logits: Tensor) -> Tensor:
        """(B, K) of length tau at most."""
        length = torch.linalg.vector_norm(logits, self.norm, dim=1, keepdim=True)
        return logits * (self.tau / length.clamp_min(self.tau))
