"""The margin of an image depends on its quality, read off its embedding's length: little is asked of bad images."""

import math

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.embedding import ClassCentres


class AdaFace(ClassCentres):
    """Equations 7 to 9: the true class's logit is s [cos(theta_y - m zhat) - (m + m zhat)], the others' s cos theta_j.

    zhat = clip(h (|z| - mu) / sigma, -1, 1) without gradient, mu and sigma running averages of the mean and deviation
    of |z| over batches. At zhat = -1 it is ArcFace, which weighs easy images more; at 0 CosFace; at 1 the margin in
    angle is negative, and hard images weigh most. m = 0.4, h = 0.333, s = 64, a weight of 0.01 for a new batch, |z|
    within 1e-3 and 100 and the angle within 1e-3 and pi - 1e-3 are the authors'.

    Their averages start at 20 and 100, which a run as short as ours would not forget: here they start at the first
    batch's. Their embeddings end in batch normalisation, and they degrade a fifth of the images; both are the study's
    to decide here.
    """

    paper = "ada_face"
    scale: float = setting(64.0, unit="logits per cosine", low=1e-6)
    margin: float = setting(0.4, low=0.0, high=1.0)
    concentration: float = setting(0.333, unit="per deviation of lengths", low=0.0)
    average_rate: float = setting(0.01, unit="weight of a new batch", low=0.0, high=1.0)

    mean: Tensor
    deviation: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("mean", torch.tensor(0.0))
        self.register_buffer("deviation", torch.tensor(0.0))

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        quality = self.quality(embeddings.detach().norm(dim=1).clamp(1e-3, 100))
        own = labels[:, None]
        angle = cosines.gather(1, own).squeeze(1).clamp(-1 + 1e-3, 1 - 1e-3).acos()
        turned = (angle - self.margin * quality).clamp(1e-3, math.pi - 1e-3)
        target = turned.cos() - self.margin * (1 + quality)
        return F.cross_entropy(self.scale * cosines.scatter(1, own, target[:, None]), labels)

    def quality(self, lengths: Tensor) -> Tensor:
        """zhat (B,) of lengths (B,), by averages that these have been added to."""
        for average, new in ((self.mean, lengths.mean()), (self.deviation, lengths.std())):
            average.copy_(torch.where(average == 0, new, average.lerp(new, self.average_rate)))
        return (self.concentration * (lengths - self.mean) / (self.deviation + 1e-3)).clamp(-1, 1)

    def qualities(self, embeddings: Tensor) -> Tensor:
        return embeddings.norm(dim=1)
