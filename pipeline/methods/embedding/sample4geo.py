"""Batches are filled with places that are hard to tell apart: near ones at first, later those with like embeddings."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, TrainingSet, setting, torch
from pipeline.methods.embedding.info_nce_cross import InfoNCECross
from pipeline.ops.neighbour_batches import by_neighbours


class Sample4Geo(InfoNCECross):
    """`info_nce_cross` on batches of neighbours: a place at random, of its `neighbours` nearest others the first
    `selected` / 2 and as many at random of the rest, then the next place that the epoch has not had.

    For `period` epochs near means on the ground, here by the order of classes. Then, and every `period` epochs anew, it
    is the cosine of a place's query with the others' references; of a place with several pairs the mean of its unit
    embeddings is taken, which is ours. Without `geographic` the first epochs have random batches; without `similar` the
    first neighbours remain. 64 of 128, in batches of 128 pairs, and 4 of 40 epochs are the authors'.
    """

    paper = "sample4geo"
    told = "which places lie near each other"
    training_only = ("nearest",)
    requires = ("selected <= neighbours",)

    neighbours: int = setting(128, unit="nearest places that are chosen from", low=2)
    selected: int = setting(64, unit="of them that follow a place into its batch", low=2)
    period: int = setting(4, unit="epochs between renewals", low=1)
    geographic: bool = setting(True)
    similar: bool = setting(True)

    nearest: Tensor
    """(K, R) each place's nearest others."""

    def build(self, context: Context) -> None:
        super().build(context)
        reach = min(self.neighbours, context.num_classes - 1)
        self.register_buffer("nearest", torch.zeros(context.num_classes, reach, dtype=torch.int64))

    def renew(self, epoch: int, training: TrainingSet) -> None:
        super().renew(epoch, training)
        self.random = not self.geographic and (epoch < self.period or not self.similar)
        if epoch == 0 and self.geographic:
            places = torch.arange(len(self.nearest), device=self.nearest.device)
            self.keep(-(places[:, None] - places).abs().float())
        elif epoch and epoch % self.period == 0 and self.similar:
            self.keep(self.similarities(training))

    def keep(self, nearness: Tensor) -> None:
        """Each place's nearest others by nearness (K, K)."""
        order = nearness.fill_diagonal_(-torch.inf).argsort(dim=1, descending=True, stable=True)
        self.nearest.copy_(order[:, : self.nearest.shape[1]])

    def similarities(self, training: TrainingSet) -> Tensor:
        """(K, K) cosines of each place's query with the references."""
        self.encoder.eval()
        embedded = torch.cat([F.normalize(self.encoder(part)) for part in training.plain()])
        self.encoder.train()
        queries, references = (
            F.normalize(embedded.new_zeros(len(self.nearest), embedded.shape[1]).index_add(0, self.labels, part))
            for part in (embedded[::2], embedded[1::2])
        )
        return queries @ references.T

    def arrange_pairs(self, order: Tensor) -> Tensor:
        if self.random:
            return super().arrange_pairs(order)
        return by_neighbours(order, self.labels, self.nearest, self.selected // 2, self.pairs)
