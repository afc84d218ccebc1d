"""The angle by which an image was turned, with most angles rare in training: regression with an uneven target."""

from pipeline import budget

KINDS = ("regressor",)
MODALITIES = ("images",)


Budget = budget.TrainingBudget
