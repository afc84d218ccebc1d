"""Inputs of several classes, of which training sees one label each: grids of four single-label images."""

from pipeline import budget
from pipeline.modalities import Dataset

KINDS = ("multi_label_classifier",)
MODALITIES = ("images",)


class Budget(budget.TrainingBudget):
    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        budget.check_batch(self, described, where)
        budget.needs_classes(described, where)
