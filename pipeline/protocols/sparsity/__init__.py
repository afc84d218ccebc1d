"""Sparsity of perturbations that break classifiers that another study has trained."""

from pipeline import budget

KINDS = ("sparsity_measure",)
MODALITIES = ("images",)
INHERITED = (
    *("dataset", "encoder", "train_examples", "validation_examples"),
    *("evaluate_on", "held_out_classes", "imbalance"),
)


class Budget(budget.Budget):
    """What is INHERITED is the base's and cannot be set."""
