"""Attacks on a trained classifier: inputs moved within a ball until it errs."""

from typing import ClassVar

from pipeline.contract import Method
from pipeline.ops.attacks import Attack
from pipeline.ops.balls import Ball


class PostHocAttack(Method):
    """An attack on the classifier of the run that it builds on. Members override `attack`.

    Its cost is counted: images that pass the classifier for each image that is attacked.
    """

    kind = "attack"
    trains = False
    builds_on = True
    requires: ClassVar[tuple[str, ...]] = ("base_kind == 'classifier'",)

    def attack(self, ball: Ball) -> Attack:
        """The attack within a ball. It knows the true labels and sees the classifier in evaluation mode."""
        raise NotImplementedError
