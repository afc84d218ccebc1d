"""Classifiers fine-tuned on few examples of a target domain, tested on it, on an unseen domain and on the source's.

One run learns the source domains and is what the others build on. Every run is tested on all.
"""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.budget import training_examples
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.protocols import curvature
from pipeline.schema import Count, Distinct, Evaluated, Positive, Share, Steps, Strict, Whole

KINDS = ("classifier",)


class Line(Strict):
    """What is measured along the straight line from the base's weights to those at the end."""

    points: Annotated[int, Field(ge=3)] = 11
    examples: Count = 200
    """So many training images: sharpness is of the loss on them."""
    tested: Count = 1000
    """So many test images of each domain."""
    radius: Positive = 0.5
    """Of the ball in which the loss is made worst, in units of each weight's size."""
    steps: Count = 5
    """Of the ascent."""
    cut: Share = 0.9
    """This share of the straggler layer's way, its smallest entries, is left out."""


class Budget(curvature.Budget):
    domain_count: Steps[Count]
    """Labels of the data set are domain x classes + class: so many domains of the same classes."""
    source_domains: Steps[Annotated[Distinct[Whole], Field(min_length=1)]]
    target_domain: Steps[Whole]
    target_examples: Steps[Count]
    """So many training examples of the target, drawn per study and seed, are fine-tuned on."""
    unseen_domain: Evaluated[Whole]
    """The domain that no run learns from."""
    learn: Steps[Literal["source", "target"]] = "target"
    line: Evaluated[Line | None] = None

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        for name in ("imbalance", "label_noise", "held_out_classes"):
            if getattr(self, name):
                raise UserError(f"{where}: {name}: is of classes, and labels are of domains and classes; take it out")
        if len(described.classes) % self.domain_count:
            raise UserError(
                f"{where}: domain_count = {self.domain_count}: '{described.key}' has {len(described.classes)} classes"
            )
        named = [*self.source_domains, self.target_domain, self.unseen_domain]
        if outside := [domain for domain in named if domain >= self.domain_count]:
            raise UserError(f"{where}: domain {outside[0]}: there are domains 0 to {self.domain_count - 1}")
        if len(set(named)) < len(named):
            raise UserError(f"{where}: source_domains, target_domain and unseen_domain must be different")
        there = training_examples(self, described) // self.domain_count
        if self.target_examples > there:
            raise UserError(
                f"{where}: target_examples = {self.target_examples}: a domain has about {there} training examples"
            )
