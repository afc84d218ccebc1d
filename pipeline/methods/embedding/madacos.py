"""Scale and margin are set anew in every batch, so that its median example always has as much left to learn."""

import math

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding import ClassCentres


class MadaCos(ClassCentres):
    """CosFace with s = max(32, ln(C / o) / (1 - med)) and m = max(0, med - ln(B o) / s), o = alpha / (1 - alpha).

    med is the batch's median cosine with the true class and B = sum_{j != y} e^{s cos_j} of the example that has it.
    Where m > 0 that example's probability is alpha. Both grow as training brings med up, and have no gradient.
    alpha = 0.02 and C = 9,999,999, which is not the number of classes, are the authors'. The paper's second part, local
    descriptors that are matched between images, is not here.
    """

    paper = "cfcd"
    alpha: float = setting(0.02, unit="probability", low=1e-6, high=0.999)
    assumed_classes: int = setting(9999999, low=2)
    least_scale: float = setting(32.0, unit="logits per cosine", low=1e-6)
    adaptive_scale: bool = setting(True)
    """Else it is the least one."""
    adaptive_margin: bool = setting(True)
    """Else there is none."""

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        own = labels[:, None]
        scale, margin = self.scale_and_margin(cosines.detach(), own)
        return F.cross_entropy(scale * cosines.scatter_add(1, own, -margin.expand(own.shape)), labels)

    def scale_and_margin(self, cosines: Tensor, own: Tensor) -> tuple[Tensor, Tensor]:
        """Of cosines (B, K) and true classes (B, 1); of an even number of examples the median is the lower one."""
        median, place = cosines.gather(1, own).squeeze(1).median(0)
        scale = torch.full_like(median, self.least_scale)
        odds = self.alpha / (1 - self.alpha)
        if self.adaptive_scale:
            scale = (math.log(self.assumed_classes / odds) / (1 - median).clamp_min(1e-3)).clamp_min(self.least_scale)
        if not self.adaptive_margin:
            return scale, torch.zeros_like(scale)
        others = (scale * cosines[place]).scatter(0, own[place], -torch.inf).logsumexp(0)
        return scale, (median - (others + math.log(odds)) / scale).clamp_min(0)
