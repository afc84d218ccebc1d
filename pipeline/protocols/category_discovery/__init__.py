"""Categories to discover: a share of some classes' inputs has labels, other classes have none."""

from typing import Annotated

from pydantic import Field

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.schema import Distinct, Steps, Whole

KINDS = ("discoverer",)


class Budget(budget.ClassBudget):
    old_classes: Steps[Distinct[Whole]]
    """Classes of which labels are given; the others are new. Renumbered, the old ones come first."""
    labelled_share: Steps[Annotated[float, Field(gt=0, lt=1)]] = 0.5
    """Of each old class's training examples, how many have their label; drawn per study and seed."""
    class_factor: Annotated[float, Field(gt=0, le=10)] = 1.0
    """What methods are told of the number of classes: the right one times this, at least the old ones."""

    sessions: Steps[list[Annotated[list[Whole], Field(min_length=1)]]] = []
    """New classes in the order in which they come, those of a session together; empty where all come at once."""
    returning: Steps[Annotated[float, Field(ge=0, lt=1)]] = 0.0
    """Of a class's unlabelled inputs, how many are in each session after that of the others; so also of old classes."""

    def streams(self) -> tuple[str, ...]:
        return () if self.sessions else ("unlabelled",)

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        classes, place = len(described.classes), f"{where}: old_classes = {self.old_classes}"
        if len(self.old_classes) < 2:
            raise UserError(f"{place}: name two or more")
        if outside := [c for c in self.old_classes if c >= classes]:
            raise UserError(f"{place}: '{described.key}' has classes 0 to {classes - 1}, not {outside[0]}")
        new = [c for session in self.sessions for c in session]
        if self.sessions and sorted([*self.old_classes, *new]) != list(range(classes)):
            raise UserError(f"{where}: sessions = {self.sessions}: each class that is not old must be in one session")
        if self.returning * len(self.sessions) >= 1:
            raise UserError(
                f"{where}: returning = {self.returning:g}: {len(self.sessions)} sessions would use up a class"
            )
        counts = described.class_counts.get("train") or [1] * classes
        old = sum(counts[c] for c in self.old_classes) / sum(counts)
        rest = int(budget.training_examples(self, described) * (1 - self.labelled_share * old))
        if self.epochs and not self.sessions and self.batch_size > rest:
            raise UserError(
                f"{where}: batch_size = {self.batch_size}: must be at most the {rest} inputs without labels"
            )
        if self.returning and not self.sessions:
            raise UserError(f"{where}: returning = {self.returning:g}: there are no sessions")
        for name in ("held_out_classes", "label_noise"):
            if getattr(self, name):
                raise UserError(f"{where}: {name}: every class is old or new, and labels are right; take {name} out")
