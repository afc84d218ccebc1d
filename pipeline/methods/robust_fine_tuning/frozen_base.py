"""The base as it is: what was known before any example of the target was seen."""

from pipeline.methods.robust_fine_tuning import FineTuning


class FrozenBase(FineTuning):
    """w_0, not trained. What fine-tuning gains and loses is counted from here."""

    paper = ""
    trains = False
