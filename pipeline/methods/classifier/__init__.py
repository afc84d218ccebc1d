"""Classifiers that differ in the loss on their logits."""

from pipeline.contract import Batch, Context, Method, Tensor, nn


class Classifier(Method):
    """An encoder, a linear head and an objective on logits. Members override `objective`."""

    kind = "classifier"
    uses_labels = True

    head: nn.Module

    def build(self, context: Context) -> None:
        self.head = nn.Linear(context.feature_dim, context.num_classes)

    def logits(self, features: Tensor) -> Tensor:
        """(B, K) scores whose softmax is the prediction; used by evaluation and by post-hoc methods."""
        return self.head(features)

    def loss(self, batch: Batch) -> Tensor:
        return self.objective(self.logits(self.encoder(batch.views[0])), batch.labels)

    def label_scores(self) -> Tensor | None:
        """(N,) how surely each training example is labelled rightly, higher for surer; None where nothing is kept."""
        return None

    def suspects(self) -> Tensor | None:
        """(N,) bool: the training examples that the method has taken to be wrongly labelled; None where it does not."""
        return None

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The paper's loss on logits (B, K) and labels (B,) int64; a scalar."""
        raise NotImplementedError
