"""Classifiers, trained on labelled inputs and read off by their logits."""

from pipeline import budget

KINDS = ("classifier",)


Budget = budget.ClassBudget
