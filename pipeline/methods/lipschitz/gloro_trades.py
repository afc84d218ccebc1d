"""GloRo-TRADES: a further class, "not robust", takes what probability it can within the radius, and is held down."""

import torch
import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.lipschitz import Lipschitz


class GloroTRADES(Lipschitz):
    """L = CE(z, y) + lambda KL(p || q), p = softmax of z and a class of probability 0, q = softmax of z and z_0.

    z_0 = max_{j != c} z_j + e K_jc for the predicted class c: beyond z_c where the prediction is not certified within
    e (Leino et al. 2021, sections 3 and 5.1). KL(p || q) is log sum exp(z, z_0) - log sum exp(z), whatever p is.
    lambda = 1 is the default of the authors' code.
    """

    paper = "gloro"
    weight: float = setting(1.0, low=0.0)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        predicted = logits.argmax(1)
        overtaking = logits + self.reach * self.constants(predicted)
        bottom = overtaking.scatter(1, predicted[:, None], -torch.inf).amax(1)
        whole = logits.logsumexp(1)
        return F.cross_entropy(logits, labels) + self.weight * (torch.logaddexp(whole, bottom) - whole).mean()
