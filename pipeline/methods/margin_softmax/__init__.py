"""Softmax over scaled cosines in which the true class must win by a margin."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.classifier import Classifier
from pipeline.ops.heads import CosineLinear


class MarginSoftmax(Classifier):
    """L = -log exp(s t(cos_y)) / (exp(s t(cos_y)) + sum_{j != y} exp(s cos_j)). Members override `target`."""

    scale: float = setting(64.0, unit="logits per cosine", low=1e-6)

    def build(self, context: Context) -> None:
        self.head = CosineLinear(context.feature_dim, context.num_classes)

    def logits(self, features: Tensor) -> Tensor:
        return self.scale * self.head(features)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        cosine = logits / self.scale
        true = labels[:, None]
        target = self.target(cosine.gather(1, true).squeeze(1))
        return F.cross_entropy(self.scale * cosine.scatter(1, true, target[:, None]), labels)

    def target(self, cosine: Tensor) -> Tensor:
        """The true class's cosines (B,) with the margin applied."""
        raise NotImplementedError
