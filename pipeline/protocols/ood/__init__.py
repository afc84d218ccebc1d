"""Scores of trained classifiers that tell known from unknown inputs; some go on training them beside wild images."""

from pydantic import model_validator

from pipeline import budget, modalities
from pipeline.errors import UserError, unknown
from pipeline.modalities import Dataset
from pipeline.modalities.images.outliers import known_outliers
from pipeline.schema import Count, Distinct, Evaluated, Share, Strict

KINDS = ("ood_score",)
MODALITIES = ("images",)
INHERITED = (*budget.OF_BASE, "test_examples")

GRIDS = {"jigsaw": (4, 3, 2)}
"""Kinds of outliers made of patches, and into how many a side may be cut."""


class Wild(Strict):
    """Unlabelled images beside the training set: clean ones, clean ones under a shift of appearance, and outliers."""

    examples: Count
    outliers: Distinct[str] = []
    """Kinds of outliers, none of which may be a test or validation outlier."""
    outlier_share: Share = 1.0
    shifted_share: Share = 0.0

    @model_validator(mode="after")
    def _shares_fit(self) -> "Wild":
        if self.outlier_share + self.shifted_share > 1:
            raise ValueError("outlier_share and shifted_share must not exceed 1 together")
        if bool(self.outliers) != bool(self.outlier_share):
            raise ValueError("outliers and a share of them above 0 go together")
        return self


class UntrainedBudget(budget.Budget):
    """Of scores that only read the checkpoint they build on. What is INHERITED is the base's and cannot be set."""

    outliers: Evaluated[Distinct[str]] = []
    """Test outliers: data sets, `uniform`, `gaussian`, or `held_out` (the base run's held-out classes)."""
    validation_outliers: Evaluated[Distinct[str]] = []
    outlier_examples: Evaluated[Count | None] = None
    """Examples of each set of test outliers; null for as many as the test split has, or the set."""

    def kinds(self) -> list[str]:
        """Every kind of outlier that is asked for."""
        return [*self.outliers, *self.validation_outliers]

    def reads(self) -> list[str]:
        return [name for name in self.kinds() if name in modalities.known()]

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        budget.needs_classes(described, where)
        if not self.outliers:
            raise UserError(f"{where}: outliers = []: name one kind or more, which the scores are tested on")
        images = [name for name in modalities.known() if modalities.name_of(name) in MODALITIES]
        height, width = described.shape[-2:]
        for name in self.kinds():
            if name == "held_out":
                if not self.held_out_classes:
                    raise UserError(f"{where}: outliers 'held_out' need a base run with held_out_classes")
            elif name in known_outliers():
                if name in GRIDS and not any(height % grid == width % grid == 0 for grid in GRIDS[name]):
                    raise UserError(
                        f"{where}: outliers '{name}' need sides divisible by {' or '.join(map(str, GRIDS[name]))}; "
                        f"images of '{described.key}' have {height}x{width} pixels"
                    )
            elif name not in images:
                raise unknown("outliers", name, [*known_outliers(), *images, "held_out"], where)


class Budget(UntrainedBudget, budget.TrainingBudget):
    """Of scores that train before they score."""

    wild: Wild | None = None

    def streams(self) -> tuple[str, ...]:
        return ("wild",) if self.wild else ()

    def kinds(self) -> list[str]:
        return super().kinds() + (self.wild.outliers if self.wild else [])

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if not self.wild:
            return
        tested = {*self.outliers, *self.validation_outliers}
        for name in self.wild.outliers:
            if name in tested:
                raise UserError(
                    f"{where}: wild.outliers = {name}: also tested or validated on; train with another kind"
                )
        asked = round(self.wild.examples * (1 - self.wild.outlier_share))
        spare = described.train_examples - (self.train_examples or described.train_examples)
        if asked > spare:
            raise UserError(
                f"{where}: wild.examples = {self.wild.examples}: {asked} of them are images of the known classes, but "
                f"'{described.key}' has {spare} beyond the base's train_examples"
            )
