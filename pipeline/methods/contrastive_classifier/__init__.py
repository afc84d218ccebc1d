"""Encoders trained by contrast between classes, then a linear classifier on them."""

from typing import Any, ClassVar

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.methods.joint_embedding.sup_con import SupCon
from pipeline.ops.heads import mlp


class ContrastiveClassifier(Classifier):
    """Phase 0 trains encoder f and projector g by `contrast`, phase 1 a linear layer on f, which stays as it is.

    Members override `contrast`, or `embed` for another z; the default contrast is SupCon's on two views. Phase 1 is
    cross-entropy on batches whose examples are drawn from all classes alike, as in the second stage of decoupled
    training (Kang et al. 2020): where classes are balanced that is an ordinary epoch with replacement, and where they
    are not, the members differ by their encoders alone. In it f keeps its running statistics of normalisation.

    `features`, on which geometry is measured, are the unit embeddings that the contrast is about; predictions come
    from f's output.
    """

    training_only: ClassVar[tuple[str, ...]] = ("labels",)
    views: tuple[str, ...] = ("full", "full")

    projection_hidden: int = setting(256, unit="units", low=1)
    projection_dim: int = setting(128, unit="units", low=1)
    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    contrast_share: float = setting(0.75, unit="share of training", low=0.01, high=0.99)

    projector: nn.Module
    labels: Tensor
    """(N,) those of the training set."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.phases = (self.contrast_share, 1 - self.contrast_share)

    def build(self, context: Context) -> None:
        super().build(context)
        self.projector = mlp([context.feature_dim, self.projection_hidden, self.projection_dim])
        self.sup_con = SupCon(temperature=self.temperature)
        self.register_buffer("labels", torch.zeros(context.train_examples, dtype=torch.int64))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        self.labels.copy_(training.labels)

    def start_epoch(self, epoch: int) -> None:
        self.encoder.train(self.phase == 0)

    def arrange(self, order: Tensor) -> Tensor:
        if self.phase == 0:
            return order
        counts = torch.bincount(self.labels.cpu())
        draws = torch.multinomial((1.0 / counts)[self.labels.cpu()], len(order), replacement=True)
        return draws.to(order.device)

    def loss(self, batch: Batch) -> Tensor:
        if self.phase == 0:
            return self.contrast(batch, *self.embed(torch.cat(batch.views)).chunk(len(batch.views)))
        with torch.no_grad():  # rather than requires_grad, which a resumed run would not find switched off
            features = self.encoder(batch.views[0])
        return self.objective(self.logits(features), batch.labels)

    def embed(self, images: Tensor) -> Tensor:
        """z (B, D) of views (B, C, H, W), not normalised."""
        projected: Tensor = self.projector(self.encoder(images))
        return projected

    def contrast(self, batch: Batch, *z: Tensor) -> Tensor:
        """The loss of the views' embeddings z, each (B, D), not normalised; a scalar."""
        return self.sup_con.contrast(batch.labels, *z)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)

    def features(self, images: Tensor) -> Tensor:
        return F.normalize(self.embed(images))
