"""Maximise a function of which a fixed set of poor designs is known: a surrogate is trained on it and searched.

The function itself is asked once, for the designs that come out; no method and no choice sees that.
"""

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.modalities.tables.black_boxes import BlackBox
from pipeline.schema import Count, Evaluated, Positive, Strict

KINDS = ("surrogate",)
MODALITIES = ("tables",)


class Search(Strict):
    """How a trained surrogate is searched, by every method alike; Design-Bench's numbers."""

    designs: Count = 128
    """So many of the known designs, the best, are where the search starts; as many come out."""
    steps: Count = 200
    rate: Positive = 0.01
    """Of a step, in deviations of a column and for one column: it is multiplied by the root of their number."""
    looks: Count = 10
    """So often on the way designs are scored, for curves; no search knows of it."""


class Budget(budget.TrainingBudget):
    encoder: budget.Steps[str] = "leaky_mlp"
    search: Evaluated[Search] = Search()

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if not isinstance(described, BlackBox):
            raise UserError(f"{where}: data set '{described.key}' has no function by which new designs can be scored")
        if self.search.designs > (known := self.train_examples or described.train_examples):
            raise UserError(f"{where}: search.designs = {self.search.designs}: must be at most the {known} known ones")
