"""Inputs of several classes, of which training sees one label each: grids of four single-label images."""

from pipeline import budget

KINDS = ("multi_label_classifier",)
MODALITIES = ("images",)


Budget = budget.ClassBudget
