"""Queries that show several labels at once, each looked up among the images of all labels."""

from typing import Annotated

from pydantic import Field

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.schema import Count, Evaluated, Share, Steps

KINDS = ("label_retriever",)
MODALITIES = ("images",)

DOCUMENTS = "class_images"
"""Of a data set's further arrays, the one that has an image of each class: a label's document."""
TOPICS = "class_coarse"
"""The one that has each class's coarse class: labels of one topic are alike, and are often shown together."""
CELLS = 4

Labels = Annotated[int, Field(ge=1, le=CELLS)]


class Budget(budget.ClassBudget):
    labels: Steps[Annotated[int, Field(ge=2)]]
    """So many of the classes, whole topics at a time, drawn once for the data set."""
    queries: Steps[Count]
    """For training; made of the training images."""
    test_queries: Evaluated[Count]
    labels_shown: Steps[Annotated[list[Labels], Field(min_length=2, max_length=2)]] = [1, CELLS]
    """The least and the greatest number of labels of a query, each number in between as often."""
    frequency_ratio: Steps[Annotated[float, Field(ge=1, le=10_000)]] = 100.0
    """How much more often the most frequent label is drawn than the rarest, falling exponentially in between."""
    related: Steps[Share] = 0.5
    """Probability that a query's next label is drawn from the topic of its first one."""

    def streams(self) -> tuple[str, ...]:
        return ("label_images",)

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if DOCUMENTS not in getattr(described, "further", {}):
            raise UserError(f"{where}: data set '{described.key}' has no image that stands for each of its classes")
        for name in ("imbalance", "label_noise"):
            if getattr(self, name):
                raise UserError(f"{where}: {name}: is of images with one label each; take it out")
        there = len(described.classes) - len(set(self.held_out_classes))
        if self.labels > there:
            raise UserError(f"{where}: labels = {self.labels}: '{described.key}' has {there} classes")
        least, most = self.labels_shown
        if least > most:
            raise UserError(f"{where}: labels_shown = {self.labels_shown}: the lower bound must come first")
        if most > self.labels:
            raise UserError(f"{where}: labels_shown = {self.labels_shown}: there are {self.labels} labels in all")
        if self.batch_size > self.queries:
            raise UserError(f"{where}: batch_size = {self.batch_size}: must be at most the {self.queries} queries")
