"""Classes of which no image was seen, known by their attributes alone: told from each other, and among all classes."""

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.schema import Count, Steps, Strict, Whole

KINDS = ("classifier", "attribute_classifier")
ATTRIBUTES = "class_attributes"
"""Of a data set's further arrays, the one that has each class's attributes, zeros and ones."""


class Split(Strict):
    """Which classes images are seen of, which choose rates and settings in searches, and which are tested unseen.

    Drawn once for the data set, not by seed. An unseen class is a new combination of known attributes.
    """

    seen: Count
    validation: Count
    unseen: Count
    least: Count = 1
    """A class with an attribute that fewer of those left share is left out, until there is none."""
    support: Count = 1
    """At least so many of the seen classes have each attribute of an unseen or validation class."""


class Budget(budget.ClassBudget):
    classes: Steps[Split]
    shots: Steps[Whole] = 0
    """So many images of each unseen class are trained on, with their labels, drawn per study and seed; all of a class
    that has fewer."""

    def not_trained_on(self) -> frozenset[str]:
        """Whose attributes methods are given, those of unseen or of validation classes, depends on `evaluate_on`."""
        return super().not_trained_on() - {"evaluate_on"}

    def streams(self) -> tuple[str, ...]:
        return ("seen_attributes", "unseen_attributes")

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        if ATTRIBUTES not in getattr(described, "further", {}):
            raise UserError(f"{where}: data set '{described.key}' has no attributes of its classes; take one that has")
        for name in ("held_out_classes", "imbalance", "label_noise"):
            if getattr(self, name):
                raise UserError(f"{where}: {name}: names classes, and which are seen is 'classes' to say; take it out")
        for name in ("seen", "validation", "unseen"):
            if (count := getattr(self.classes, name)) < 2:
                raise UserError(f"{where}: classes.{name} = {count}: must be two or more")
        wanted = self.classes.seen + self.classes.validation + self.classes.unseen
        if wanted > len(described.classes):
            there = len(described.classes)
            raise UserError(f"{where}: classes: {wanted} in all, and '{described.key}' has {there}; take fewer")
