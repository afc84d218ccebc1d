"""Classifiers trained on a few labelled inputs beside many without labels, and read off by their logits."""

from pipeline.budget import training_examples
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.protocols import supervised
from pipeline.schema import Count, Steps

KINDS = ("classifier",)


class Budget(supervised.Budget):
    labelled_examples: Steps[Count | None] = None
    """Training examples whose labels are given, as many of each class, drawn per study and seed; null for all."""

    def streams(self) -> tuple[str, ...]:
        return ("unlabelled",)

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if self.labelled_examples is None:
            return
        place = f"{where}: labelled_examples = {self.labelled_examples}"
        for name in ("imbalance", "label_noise"):
            if getattr(self, name):
                raise UserError(f"{place}: labels are drawn from all classes alike and are right; take {name} out")
        classes = len(described.classes) - len(set(self.held_out_classes))
        if self.labelled_examples % classes:
            raise UserError(f"{place}: must be a multiple of the {classes} classes")
        if self.labelled_examples > (there := training_examples(self, described)):
            raise UserError(f"{place}: must be at most the {there} training examples")
