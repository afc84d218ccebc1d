"""Classifiers, trained on labelled inputs and read off by their logits."""

from pipeline import budget
from pipeline.modalities import Dataset

KINDS = ("classifier",)


class Budget(budget.TrainingBudget):
    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        budget.check_batch(self, described, where)
        budget.needs_classes(described, where)
