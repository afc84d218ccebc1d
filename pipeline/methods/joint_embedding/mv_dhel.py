"""All pairs of an image's views attract in one term, and images repel each other within each view alone."""

import torch.nn.functional as F

from pipeline.contract import Tensor, torch
from pipeline.methods.joint_embedding.mv_infonce import MVInfoNCE


class MVDHEL(MVInfoNCE):
    """-log [sum_{l < m} exp(u_i,l . u_i,m/tau) / prod_l sum_{j != i} exp(u_i,l . u_j,l/tau)], mean over images i.

    u_i,l is the unit embedding of view l of image i, N views. Numerator and denominators share no pair, which
    decouples alignment from uniformity. As in the public code an image is not its own negative; the formula in the
    authors' README sums over all j. The code takes the product of the sums, here the sum of their logarithms, which
    does not overflow with many views.
    """

    paper = "multi_view"

    def objective(self, *z: Tensor) -> Tensor:
        u = F.normalize(torch.stack(z).float(), dim=2)
        itself = torch.eye(u.shape[1], dtype=torch.bool, device=u.device)
        negatives = ((u @ u.mT).float() / self.temperature).masked_fill(itself, -torch.inf)
        first, second = torch.triu_indices(len(u), len(u), 1, device=u.device)
        positives = (u[first] * u[second]).sum(2) / self.temperature
        return (negatives.logsumexp(2).sum(0) - positives.logsumexp(0)).mean()
