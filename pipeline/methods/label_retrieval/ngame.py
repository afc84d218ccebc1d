"""Batches are unions of clusters of queries that are embedded alike, so that their labels are hard negatives."""

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.label_retrieval import InBatch
from pipeline.ops.balanced_clusters import balanced_clusters


class NGAME(InBatch):
    """Queries are clustered by their embeddings into parts of equal size, and clusters, in random order, fill batches.

    A curriculum: clusters of one query at first, which are random batches, then twice as large at even steps until they
    have `largest` queries after two thirds of the epochs. The authors double theirs up to 512, of batches of 1,600, by
    epoch 200 of 300. Clusters are made anew every `renewal` epochs (5 of 300 there) and in any that doubles them. What
    is clustered are the embeddings that the last epoch's steps made, kept in a memory, so that a step costs what it
    costs in `random_negatives`; the authors embed all queries for it. Without `doubling` clusters are largest from the
    second epoch on. The second stage, a classifier for each label on the frozen encoder, is not here.
    """

    paper = "ngame"
    largest: int = setting(512, unit="queries of a cluster at the end", low=1)
    renewal: int = setting(1, unit="epochs", low=1)
    doubling: bool = setting(True)

    clusters: Tensor
    """(N,) the number of each query's cluster."""
    size: Tensor
    """Of these clusters; 0 before there are any."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.epochs = context.epochs
        self.register_buffer("clusters", torch.arange(context.train_examples))
        self.register_buffer("size", torch.zeros((), dtype=torch.long))

    def start_epoch(self, epoch: int) -> None:
        self.epoch = epoch

    def wanted(self) -> int:
        """How many queries a cluster has in this epoch."""
        if not self.epoch:  # nothing is embedded yet
            return 1
        if not self.doubling:
            return self.largest
        steps = self.largest.bit_length() - 1
        done = min(steps, int(self.epoch * steps / (self.epochs * 2 / 3)))
        return max(1, self.largest >> (steps - done))

    def arrange(self, order: Tensor) -> Tensor:
        size = self.wanted()
        if size == 1:
            return order
        if size != int(self.size) or self.epoch % self.renewal == 0:
            self.clusters.copy_(balanced_clusters(self.memory, size))
            self.size.fill_(size)
        drawn = torch.randperm(int(self.clusters.max()) + 1).to(order.device)
        return order[drawn[self.clusters[order]].argsort(stable=True)]
