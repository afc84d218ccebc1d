"""Sparsity of perturbations that break classifiers that another study has trained."""

from pipeline import budget

KINDS = ("sparsity_measure",)
MODALITIES = ("images",)
INHERITED = budget.OF_BASE


class Budget(budget.Budget):
    """What is INHERITED is the base's and cannot be set."""
