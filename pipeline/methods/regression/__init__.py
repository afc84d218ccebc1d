"""Inputs with a number as their label."""

from pipeline.contract import Batch, Context, Method, Tensor, nn


class Regressor(Method):
    """An encoder, a linear head and an objective on predictions. Members override `objective`, or `loss`."""

    kind = "regressor"
    uses_labels = True

    head: nn.Module

    def build(self, context: Context) -> None:
        self.head = nn.Linear(context.feature_dim, 1)

    def predict(self, features: Tensor) -> Tensor:
        """(B,) targets, in the protocol's unit, of features (B, F)."""
        predictions: Tensor = self.head(features).squeeze(1)
        return predictions

    def deviation(self, features: Tensor) -> Tensor | None:
        """(B,) standard deviations of a normal distribution about each prediction; None where it predicts none."""
        return None

    def loss(self, batch: Batch) -> Tensor:
        return self.objective(self.predict(self.encoder(batch.views[0])), batch.labels)

    def objective(self, predictions: Tensor, targets: Tensor) -> Tensor:
        """The loss on predictions and targets (B,); a scalar."""
        raise NotImplementedError
