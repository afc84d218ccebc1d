"""Two views of each place: an image of a place never seen is looked up, in one view, among images of the other."""

from typing import Any

from pydantic import Field

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.protocols.metric_learning import Split
from pipeline.schema import Steps, Whole

KINDS = ("embedding", "classifier", "representation")

DOMAINS = "domains"
"""Of a data set's further arrays, `train_domains` and `test_domains` say which images are of which view."""


class Budget(budget.ClassBudget):
    classes: Steps[Split]
    """Places are classes."""
    queries: Steps[Whole] = Field(default=0)
    """Which domain is the view that is looked up."""
    references: Steps[Whole] = Field(default=1)
    """Which one is the view that it is looked up in. A data set without domains has its classes' images by turns."""

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        there = len(described.classes) - len(set(self.held_out_classes))
        counts = self.classes.counts(there)
        if min(counts) < 2 or sum(counts) > there:
            told = "{} for training, {} for validation and {} tested".format(*counts)
            raise UserError(f"{where}: classes: {told}: must be two or more each, and {there} at most in all")
        if self.queries == self.references:
            raise UserError(f"{where}: references = {self.references}: is the domain of the queries too")
        for name in ("imbalance", "label_noise"):
            if getattr(self, name):
                raise UserError(f"{where}: {name}: each class must have its images in both views; take it out")
        self._check_domains(described, where)

    def _check_domains(self, described: Dataset, where: str) -> None:
        further: dict[str, Any] = dict(getattr(described, "further", {}))
        if f"train_{DOMAINS}" in further:
            there = len(further[f"train_{DOMAINS}"].names)
            for name in ("queries", "references"):
                if getattr(self, name) >= there:
                    asked = getattr(self, name)
                    raise UserError(f"{where}: {name} = {asked}: '{described.key}' has {there} domains, from 0")
