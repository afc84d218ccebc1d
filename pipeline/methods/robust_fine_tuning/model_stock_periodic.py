"""Model Stock while training goes on: after every epoch both networks begin again from what they were merged into."""

from pipeline.contract import TrainingSet
from pipeline.methods.robust_fine_tuning.model_stock import ModelStock


class ModelStockPeriodic(ModelStock):
    """`model_stock` at the end of every epoch, with both copies set to w; the anchor stays w_0, and the optimiser goes
    on.

    Batch statistics in between are those of each copy's own training; those of the last w are renewed.
    """

    paper = "model_stock"

    def renew(self, epoch: int, training: TrainingSet) -> None:
        if epoch:
            self.merge()
            for other, merged in zip(self.second.parameters(), self.weights, strict=True):
                other.copy_(merged)
