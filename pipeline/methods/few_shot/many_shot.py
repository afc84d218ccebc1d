"""The linear classifier of `baseline`, with all images of an episode's classes but the queries: the ceiling."""

from typing import ClassVar

from pipeline.methods.few_shot.baseline import Baseline


class ManyShot(Baseline):
    """Logistic regression on every other image of the classes: what the same features give with more labels."""

    paper = ""
    told = "the labels of all images of an episode's classes but the queries"
    every_shot: ClassVar[bool] = True
