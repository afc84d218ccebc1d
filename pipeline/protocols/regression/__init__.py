"""Numbers as labels, predicted with or without a deviation, and judged in the unit in which they are given."""

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset

KINDS = ("regressor",)


class Budget(budget.TrainingBudget):
    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if described.classes:
            raise UserError(f"{where}: data set '{described.key}' has classes as labels; the protocol needs numbers")
