"""All pairs of an image's views stand in one term against all other pairs, instead of a loss for each pair."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.joint_embedding import SeveralViews


class MVInfoNCE(SeveralViews):
    """-log [sum_l sum_{m != l} exp(u_i,l . u_i,m/tau) / sum_l sum_{(j,m) != (i,l)} exp(u_i,l . u_j,m/tau)].

    u_i,l is the unit embedding of view l of image i; N views, one term per image, mean over images. The denominator
    is the public code's; with two views it pools NT-Xent's two, and the loss is NT-Xent's where those are equal and
    above it elsewhere. The formula in the authors' README has no pairs within one view (m = l) there. Their
    temperature is 0.5 on CIFAR and ImageNet-100 and 0.1 on ImageNet-1K.
    """

    paper = "multi_view"
    temperature: float = setting(0.1, unit="cosine", low=1e-3)

    def objective(self, *z: Tensor) -> Tensor:
        views, size = len(z), len(z[0])
        u = F.normalize(torch.stack(z).float(), dim=2).flatten(0, 1)
        itself = torch.eye(views * size, dtype=torch.bool, device=u.device)
        logits = ((u @ u.T).float() / self.temperature).masked_fill(itself, -torch.inf)
        # (N, B, N, B): view and image of the anchor, view and image of the candidate
        logits = logits.view(views, size, views, size)
        positives = logits.diagonal(dim1=1, dim2=3).flatten(0, 1).logsumexp(0)
        return (logits.logsumexp((0, 2, 3)) - positives).mean()
