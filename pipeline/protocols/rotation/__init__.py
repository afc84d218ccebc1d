"""The angle by which an image was turned, with most angles rare in training: regression with an uneven target."""

from pipeline import budget
from pipeline.modalities import Dataset

KINDS = ("regressor",)
MODALITIES = ("images",)


class Budget(budget.TrainingBudget):
    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        budget.check_batch(self, described, where)
