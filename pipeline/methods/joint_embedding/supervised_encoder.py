"""The ceiling: the same encoder, augmentation and budget, with labels."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Method, Tensor, nn


class SupervisedEncoder(Method):
    """Cross-entropy of a linear classifier on one augmented view; the probe then sees the encoder's features."""

    paper = ""
    kind = "representation"
    uses_labels = True
    training_only = ("head",)
    views: tuple[str, ...] = ("full",)

    head: nn.Module

    def build(self, context: Context) -> None:
        self.head = nn.Linear(context.feature_dim, context.num_classes)

    def loss(self, batch: Batch) -> Tensor:
        return F.cross_entropy(self.head(self.encoder(batch.views[0])).float(), batch.labels)
