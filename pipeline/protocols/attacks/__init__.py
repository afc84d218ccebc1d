"""Attacks on classifiers that another study has trained: what each leaves right, and what it costs."""

from typing import Literal

from pipeline import budget
from pipeline.schema import Evaluated, Positive

KINDS = ("attack",)
MODALITIES = ("images",)
INHERITED = budget.OF_BASE


class Budget(budget.Budget):
    """What is INHERITED is the base's and cannot be set."""

    norm: Evaluated[Literal["linf", "l2"]] = "linf"
    radius: Evaluated[Positive] = 0.1
    """Of the ball, as a share of a pixel's range."""
