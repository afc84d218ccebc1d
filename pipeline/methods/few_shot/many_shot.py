"""The linear classifier of `baseline_linear`, with all images of an episode's classes but the queries: the ceiling."""

from typing import ClassVar

from pipeline.methods.few_shot.baseline_linear import BaselineLinear


class ManyShot(BaselineLinear):
    """Logistic regression on every other image of the classes: what the same features give with more labels.

    Solved less closely, which takes half the time: against 1e-8, one prediction in 850 of 5-way episodes differed and
    accuracy moved by 0.05 points.
    """

    paper = ""
    told = "the labels of all images of an episode's classes but the queries"
    every_shot: ClassVar[bool] = True
    tolerance: ClassVar[float] = 1e-3
