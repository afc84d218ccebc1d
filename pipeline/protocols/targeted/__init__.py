"""Classifiers that train on candidates from several domains, chosen for a task that a few labelled examples show."""

from typing import Annotated

from pydantic import Field

from pipeline.budget import training_examples
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.protocols import subset_selection
from pipeline.schema import Count, Distinct, Strict, Whole

KINDS = ("classifier",)


class Target(Strict):
    domains: Annotated[Distinct[Whole], Field(min_length=1)]
    """The task is to tell the classes of these: test and validation examples of others are left out."""
    examples: Count
    """So many training examples of them, drawn per study and seed, are given as what the task is like."""


class Budget(subset_selection.Budget):
    domains: Count
    """Labels of the data set are domain x classes + class: so many domains of the same classes."""
    target: Target

    def streams(self) -> tuple[str, ...]:
        return ("target",)

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        for name in ("imbalance", "label_noise", "held_out_classes"):
            if getattr(self, name):
                raise UserError(f"{where}: {name}: is of classes, and labels are of domains and classes; take it out")
        if len(described.classes) % self.domains:
            raise UserError(
                f"{where}: domains = {self.domains}: '{described.key}' has {len(described.classes)} classes"
            )
        if outside := [domain for domain in self.target.domains if domain >= self.domains]:
            raise UserError(f"{where}: target.domains = {outside}: there are domains 0 to {self.domains - 1}")
        there = training_examples(self, described) * len(self.target.domains) // self.domains
        if self.target.examples >= there:
            raise UserError(
                f"{where}: target.examples = {self.target.examples}: must be fewer than the {there} there are"
            )
