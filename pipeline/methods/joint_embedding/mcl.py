"""Several encoders one after another, each telling apart what all earlier ones took for similar; they work together."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.batches import alike
from pipeline.ops.ema import follower
from pipeline.ops.kmeans import embedded, kmeans
from pipeline.ops.similarity import positives_and_negatives


class MCL(SimCLR):
    """Phase n is SimCLR by a new encoder f_n, the negatives of an image being those that k-means put in its own
    cluster of the features of f_0, of f_1, ... and of f_{n-1}; the representation is [f_0(x), ..., f_n(x)].

    As in the public code: cells are the intersections of the earlier phases' clusters, k-means is on features of unit
    length, batches consist of one cell, and each phase's encoder starts from the same weights. There, cells smaller
    than a batch are left out; here a batch may span cells, the loss leaves out pairs across them, and an image alone
    in its cell costs nothing. The code multiplies in the latest phase's clusters only, an oversight against the
    paper's text. It fine-tunes CLIP with 10 clusters and two stages after the first; of the SimCLR experiments only
    the abstract was at hand. The phases share the study's epochs equally, so that the cost is SimCLR's.
    """

    paper = "mcl"
    requires = ("clusters <= train_examples",)
    training_only = ("projector", "fresh_projector", "cells")
    num_stages: int = setting(3, unit="stages", low=1)
    clusters: int = setting(10, unit="clusters", low=1)

    cells: Tensor

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.phases: tuple[float, ...] = (1.0,) * self.num_stages

    def build(self, context: Context) -> None:
        super().build(context)
        self.size = context.batch_size
        # each holds the initial weights until its phase is over
        self.earlier = nn.ModuleList(follower(self.encoder) for _ in self.phases[1:])
        self.fresh_projector = follower(self.projector)
        self.register_buffer("cells", torch.zeros(context.train_examples, dtype=torch.int64))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 0:
            return
        features = F.normalize(embedded(self.encoder, training.plain()))
        joint = self.cells * self.clusters + kmeans(features, self.clusters)[1]
        self.cells.copy_(joint.unique(return_inverse=True)[1])
        done, initial = follower(self.encoder), self.earlier[phase - 1]
        self.encoder.load_state_dict(initial.state_dict())
        initial.load_state_dict(done.state_dict())
        self.projector.load_state_dict(self.fresh_projector.state_dict())

    def arrange(self, order: Tensor) -> Tensor:
        return alike(order, self.cells, self.size)

    def loss(self, batch: Batch) -> Tensor:
        self.cell = self.cells[batch.indices]
        return super().loss(batch)

    def objective(self, *z: Tensor) -> Tensor:
        positives, negatives = positives_and_negatives(*z)
        elsewhere = (self.cell[:, None] != self.cell).repeat(2, 2)
        everything = torch.cat([positives[:, None], negatives.masked_fill(elsewhere, -torch.inf)], 1)
        return ((everything / self.temperature).logsumexp(1) - positives / self.temperature).mean()

    def features(self, images: Tensor) -> Tensor:
        return torch.cat([encoder(images) for encoder in (*self.earlier, self.encoder)], 1)

    def further_features(self, images: Tensor, features: Tensor) -> dict[str, Tensor]:
        return {"first": features.chunk(len(self.earlier) + 1, 1)[0]} if self.earlier else {}
