"""Each class has several centres, and an image is compared with a mean of them that leans to the nearest."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.embedding import ClassCentres
from pipeline.ops.heads import CosineLinear


class SoftTriple(ClassCentres):
    """Softmax of lambda (S_c - delta [c = y]), S_c = sum_k softmax_k(cos(x, w_ck) / gamma) cos(x, w_ck).

    lambda = 20, gamma = 0.1, delta = 0.01 and K = 10 centres are the authors', and so are centres that learn at a
    hundred times the network's rate. A second term merges centres that a class does not need: `merging`, 0.2, times
    sum_c sum_{k < l} |w_ck - w_cl| / (C K (K - 1)) of unit centres. With one centre this is CosFace's loss.
    """

    paper = "soft_triple"
    scale: float = setting(20.0, unit="logits per cosine", low=1e-6)
    gamma: float = setting(0.1, unit="cosine", low=1e-3)
    margin: float = setting(0.01, unit="cosine", low=0.0, high=1.0)
    centres: int = setting(10, unit="centres of a class", low=1)
    merging: float = setting(0.2, unit="weight", low=0.0)
    centre_rate: float = setting(100.0, unit="times the learning rate, for the directions", low=0.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.classes = context.num_classes
        self.head = CosineLinear(context.feature_dim, context.num_classes * self.centres)

    def logits(self, features: Tensor) -> Tensor:
        return self.scale * self.similarities(self.head(features))

    def similarities(self, cosines: Tensor) -> Tensor:
        """S (B, C) of cosines (B, C K)."""
        near = cosines.unflatten(1, (self.classes, self.centres))
        return ((near / self.gamma).softmax(2) * near).sum(2)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        near, own = self.similarities(cosines), labels[:, None]
        loss = F.cross_entropy(
            self.scale * near.scatter_add(1, own, torch.full_like(near[:, :1], -self.margin)), labels
        )
        return loss + self.merging * self.spread() if self.centres > 1 and self.merging else loss

    def spread(self) -> Tensor:
        """The mean over classes of half the mean distance of its centres."""
        units = F.normalize(self.head.weight).unflatten(0, (self.classes, self.centres))
        first, second = torch.triu_indices(self.centres, self.centres, 1, device=units.device)
        alike = (units[:, first] * units[:, second]).sum(2)
        # as theirs, 1e-5 under the root: the gradient is infinite at 0
        return (2 + 1e-5 - 2 * alike).clamp_min(1e-12).sqrt().sum() / (self.classes * self.centres * (self.centres - 1))
