"""Targeted attacks on encoders that another study has trained, made without asking the one that is attacked."""

from pipeline import budget
from pipeline.schema import Count, Evaluated

KINDS = ("transfer_attack",)
MODALITIES = ("images",)
INHERITED = budget.OF_BASE


class Budget(budget.Budget):
    """What is INHERITED is the black box's and cannot be set."""

    neighbours: Evaluated[Count] = 20
    """Training images that vote on which class the black box sees."""
