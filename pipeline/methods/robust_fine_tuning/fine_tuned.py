"""Gradient descent goes on from a classifier of other data: what robust fine-tuning is held against."""

from pipeline.methods.robust_fine_tuning import FineTuning


class FineTuned(FineTuning):
    """L = -log p_y from w_0 on, all weights free and batch statistics renewed as training goes. Textbook."""

    paper = ""
