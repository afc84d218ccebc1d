"""Encoders pretrained without labels, judged by what their frozen features are good for."""

from pipeline import budget
from pipeline.schema import Count, Evaluated, NotNegative, Share, Strict

KINDS = ("representation",)


class Probe(Strict):
    """The linear probe on frozen features: multinomial logistic regression by full-batch L-BFGS."""

    l2: NotNegative = 1e-4
    iterations: Count = 100
    neighbours: Count = 5
    label_fractions: list[Share] = [0.01, 0.1]
    """Shares of the training labels with which the probes are also fitted; the encoder has seen all images."""


class Budget(budget.ClassBudget):
    probe: Evaluated[Probe] = Probe()
