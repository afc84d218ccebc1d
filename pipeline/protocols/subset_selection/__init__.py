"""Classifiers that train on a chosen part of the training set, judged by accuracy and by what was chosen."""

from pipeline.protocols import supervised

KINDS = ("classifier",)


class Budget(supervised.Budget):
    pass
