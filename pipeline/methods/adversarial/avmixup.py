"""AVmixup: images between an image and a point beyond its attacked one, with labels that soften on the way there."""

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.ops.soft_labels import softened


class AVmixup(PGDAT):
    """L = CE of x~ = a x + (1 - a) x_av and y~ = a phi(y, l1) + (1 - a) phi(y, l2), a ~ U(0, 1) for each image.

    The adversarial vertex x_av = x + gamma (x' - x) is cut to the range of the raw values; x' is by the ascent of
    `pgd_at`. phi(y, l) leaves l to the true class and the rest to the others alike. gamma = 2, l1 = 1 and l2 = 0.1,
    which for ten classes is no class at all, are the authors' for CIFAR-10, with ten steps of r/4. Their code makes
    the attack in training mode; here it is made in evaluation mode.
    """

    paper = "avmixup"
    steps = 10
    gamma: float = setting(2.0, unit="shift of the attack", low=0.0)
    kept: float = setting(1.0, unit="probability", low=0.0, high=1.0)
    """l1"""
    vertex_kept: float = setting(0.1, unit="probability", low=0.0, high=1.0)
    """l2"""

    num_classes: int

    def build(self, context: Context) -> None:
        super().build(context)
        self.num_classes = context.num_classes

    def loss(self, batch: Batch) -> Tensor:
        images, labels = batch.views[0], batch.labels
        attacked = self.attacked(lambda logits: F.cross_entropy(logits, labels, reduction="sum"), images)
        share = torch.rand(len(images), dtype=images.dtype, device=images.device)
        mixed, targets = self.mixed(images, attacked, labels, share)
        return F.cross_entropy(self.logits(self.encoder(mixed)), targets)

    def mixed(self, images: Tensor, attacked: Tensor, labels: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
        """Images (B, ...) and targets (B, K), a share (B,) of which is the image's own and the rest the vertex's."""
        vertex = images + self.gamma * (attacked - images)
        low, high = self.inputs.low, self.inputs.high
        if low is not None and high is not None:
            vertex = vertex.clamp(low.to(vertex), high.to(vertex))
        own, far = (softened(labels, self.num_classes, kept).to(images) for kept in (self.kept, self.vertex_kept))
        a = share.view(-1, *[1] * (images.ndim - 1))
        return a * images + (1 - a) * vertex, share[:, None] * own + (1 - share[:, None]) * far
