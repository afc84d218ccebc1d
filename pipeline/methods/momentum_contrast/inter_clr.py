"""MoCo v2 that also pulls each image, loosely, to others of its cluster, clusters being kept up step by step."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, setting, torch
from pipeline.methods.momentum_contrast import MomentumContrast
from pipeline.ops.kmeans import embedded
from pipeline.ops.online_clusters import OnlineClusters


class InterCLR(MomentumContrast):
    """L = (1 - w) InfoNCE(q, k) + w L_inter, w = `inter_weight`, on MoCo v2, for which the authors published code:

    L_inter = -log exp((q.p - m)/tau) / (exp((q.p - m)/tau) + sum_n exp(q.n/tau)), m = `margin`, at most 0.

    A memory holds the latest key of each image. p is that of a random image of the same cluster, possibly itself;
    the n are semi-hard: drawn from the `pool` images nearest to q, without those of its cluster. Clusters begin with
    k-means on the untrained key encoder, an image's is renewed with its key, the means every 10 steps.

    The counts of the code, for 1.28 million images, are given as shares: 10,000 clusters, a pool of 128,000, of
    which 16,384 are drawn, 20 images in the smallest cluster. The code looks for small clusters every step and
    splits the largest by k-means; here both come with the means, and a random plane splits. It draws negatives with
    replacement, here without; and a pool that has too few of other clusters yields fewer.
    """

    paper = "inter_clr"
    training_only = ("projector", "key_encoder", "queue", "memory")
    cluster_size: int = setting(128, unit="images", low=2)
    pool: float = setting(0.1, unit="share of the images", low=0.0, high=1.0)
    drawn: float = setting(0.128, unit="share of the pool", low=0.0, high=1.0)
    margin: float = setting(-0.5, unit="cosine", high=0.0)
    inter_weight: float = setting(0.25, low=0.0, high=1.0)

    def build(self, context: Context) -> None:
        super().build(context)
        examples = context.train_examples
        clusters, smallest = max(2, examples // self.cluster_size), self.cluster_size * 20 // 128
        self.memory = OnlineClusters(examples, self.projection_dim, clusters, smallest)
        self.near = max(1, round(self.pool * examples))
        self.steps = 0

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        self.memory.restart(embedded(self.key_encoder, training.plain()))

    def start_epoch(self, epoch: int) -> None:
        self.steps = 0

    def loss(self, batch: Batch) -> Tensor:
        self.places = batch.indices
        return super().loss(batch)

    def contrast(self, q: Tensor, k: Tensor) -> Tensor:
        p = self.memory.features[self.memory.alike(self.places)]
        drawn = max(1, round(self.drawn * self.near))
        negatives, other = self.memory.semi_hard(q, self.places, self.near, drawn)
        cosines = torch.einsum("bd,bnd->bn", q, self.memory.features[negatives]).masked_fill(~other, -torch.inf)
        logits = torch.cat([(q * p).sum(1, keepdim=True) - self.margin, cosines.float()], 1) / self.temperature
        inter = F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.int64, device=q.device))
        return (1 - self.inter_weight) * super().contrast(q, k) + self.inter_weight * inter

    def after_step(self) -> None:
        if self.keys is not None:
            self.memory.push(self.places, self.keys)
        self.steps += 1
        if self.steps % 10 == 0:
            self.memory.renew()
        super().after_step()
