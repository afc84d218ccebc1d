"""Images that show several classes at once, of which training may have seen only one per image."""

from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Method, Tensor, nn


class MultiLabel(Method):
    """An encoder, a linear head and an objective on logits (B, K) and labels (B, K). Members override `objective`.

    In training a label of 1 is a class that is known to be present and 0 one of which nothing is known. The score of
    a class is the sigmoid of its logit.
    """

    kind = "multi_label_classifier"
    uses_labels = True
    all_positives: ClassVar[bool] = False
    """Whether training labels name all classes present: for a ceiling, not for methods of partial labels."""

    head: nn.Linear

    def build(self, context: Context) -> None:
        self.head = nn.Linear(context.feature_dim, context.num_classes)

    def logits(self, images: Tensor) -> Tensor:
        """(B, K) scores of views (B, C, H, W); above 0 means present."""
        logits: Tensor = self.head(self.encoder(images))
        return logits

    def loss(self, batch: Batch) -> Tensor:
        return self.objective(self.logits(batch.views[0]), batch.labels)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The loss on logits (B, K) and labels (B, K); a scalar. Binary cross-entropy unless overridden."""
        return F.binary_cross_entropy_with_logits(logits, labels)
