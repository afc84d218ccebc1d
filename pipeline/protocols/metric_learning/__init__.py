"""Embeddings of classes that were never trained on: retrieval of a query's class, and verification of pairs."""

from typing import Annotated

from pydantic import Field

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.schema import Count, Share, Steps, Strict

KINDS = ("embedding", "classifier", "representation")

COARSE = "class_coarse"
"""Of a data set's further arrays, the one that has each class's coarse class."""

Part = Count | Annotated[float, Field(gt=0, lt=1)]
"""A number of classes, or a share of them."""


class Split(Strict):
    """Which classes are trained on, which choose rates and settings in searches, and which are tested.

    Drawn once, by the classes' names and not by seed: data sets of the same classes have the same split. The tested
    classes are drawn first and the validation classes next, so that they stay the same whatever part of the others is
    trained on.
    """

    train: Part
    validation: Part
    test: Part
    together: bool = False
    """Classes of one coarse class, where the data set has such, stay together: what is tested is less like what is
    trained on."""

    def counts(self, classes: int) -> tuple[int, int, int]:
        """How many of so many classes are trained on, how many are for validation and how many are tested."""
        test, validation, train = (
            part if isinstance(part, int) else max(2, round(part * classes))
            for part in (self.test, self.validation, self.train)
        )
        # shares that add up to all may exceed it by rounding
        return min(train, classes - validation - test) if isinstance(self.train, float) else train, validation, test


class Budget(budget.ClassBudget):
    classes: Steps[Split]
    split_classes: Steps[Share] = 0.0
    """Of the classes trained on, so many have two labels, each for half of their images: as when a person is taken for
    two, or a cluster is cut in two."""
    tested_too: Steps[bool] = False
    """The tested classes are trained on as well, by their images of the training split: as good as it can get."""

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        there = len(described.classes) - len(set(self.held_out_classes))
        counts = self.classes.counts(there)
        for name, count in zip(("train", "validation", "test"), counts, strict=True):
            if count < 2:
                raise UserError(f"{where}: classes.{name}: {count} of {there} classes: must be two or more")
        if sum(counts) > there:
            raise UserError(
                f"{where}: classes: {counts[0]} for training, {counts[1]} for validation and {counts[2]} tested are "
                f"more than the {there} that '{described.key}' has"
            )
        if self.label_noise and self.label_noise.flips:
            raise UserError(f"{where}: label_noise.flips: is of classes that may not be trained on; take it out")
