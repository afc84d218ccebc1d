"""An auto-encoder of certain, clustered codes that must also point apart, without any pair of augmented views."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.generative.mim import MIM


class CMIM(MIM):
    """MIM, with log p(k = 1|x_i, z_i) added to log p(x_i|z_i): p = g_ii / (g_ii + mean_{j != i} g_ij),

    g_ij = exp(cos(z_i, z_j)/tau). The positive is the code itself, so g_ii = exp(1/tau) is constant, and negatives
    count by their mean, not their sum, which makes the term independent of the batch size. tau = 0.1 is a choice
    made here. Of the paper only abstract, introduction and reviews could be read: the form of p follows these
    (a term without positive pairs, an average over the batch, g_ii), not its equations.
    """

    paper = "cmim"
    temperature: float = setting(0.1, unit="cosine", low=1e-3)

    def contrast(self, z: Tensor) -> Tensor:
        z = F.normalize(z)
        itself = torch.eye(len(z), dtype=torch.bool, device=z.device)
        above = ((z @ z.T - 1) / self.temperature).masked_fill(itself, -torch.inf)
        return -F.softplus(above.logsumexp(1) - above.new_tensor(len(z) - 1.0).log())
