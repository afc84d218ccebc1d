"""Classifiers trained on a few labelled inputs beside many without labels, and read off by their logits."""

from typing import Annotated

from pydantic import Field

from pipeline.budget import training_examples
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.protocols import supervised
from pipeline.schema import Count, Steps

KINDS = ("classifier",)


class Budget(supervised.Budget):
    labelled_examples: Steps[Count | None] = None
    """Training examples whose labels are given, as many of each class, drawn per study and seed; null for all."""

    unknown_share: Annotated[float, Field(ge=0, lt=1)] = 0.0
    """The share of the stream that are training inputs of `held_out_classes`, drawn per study and seed.

    The classes held out have no labels, and nothing that is trained knows of them. The stream has as many inputs as it
    has without them: what comes in takes the place of inputs of known classes, never of labelled ones."""

    epoch_steps: Steps[Count | None] = None
    """Steps of an epoch; null for those of all inputs, labelled or not."""

    def streams(self) -> tuple[str, ...]:
        return ("unlabelled",)

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        self._check_unknown(described, where)
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

    def _check_unknown(self, described: Dataset, where: str) -> None:
        """Whether the classes held out have inputs enough for their share of the stream, and the others few labels."""
        if not self.unknown_share:
            return
        place, out = f"{where}: unknown_share = {self.unknown_share:g}", set(self.held_out_classes)
        if not out:
            raise UserError(
                f"{place}: is of the classes in held_out_classes, which are none; name some, or set it to 0"
            )
        if self.labelled_examples is None:
            raise UserError(f"{place}: labelled_examples = null leaves no input to take the place of; give a number")
        counts = described.class_counts.get("train") or [1] * len(described.classes)
        unknown = sum(counts[c] for c in out)
        known = sum(counts) - unknown
        if self.unknown_share * known > unknown:
            raise UserError(f"{place}: must be at most {unknown / known:.2g}, or held_out_classes have too few inputs")
        inputs = training_examples(self, described) * known / sum(counts)
        if self.labelled_examples > (1 - self.unknown_share) * inputs:
            least = 1 - self.labelled_examples / inputs
            raise UserError(f"{place}: must be at most {least:.2g}, as the labelled inputs stay in the stream")
