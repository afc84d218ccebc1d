"""Encoders pretrained without labels, judged by what their frozen features are good for."""

from typing import Annotated

from pydantic import Field

from pipeline import budget
from pipeline.schema import Count, Distinct, Evaluated, NotNegative, Strict

KINDS = ("representation",)


class Probe(Strict):
    """The linear probe on frozen features: multinomial logistic regression, solved until it has converged."""

    l2: NotNegative = 1e-4
    iterations: Count = 10_000
    """Steps of the solver at most; a run whose solver needs more says so."""
    neighbours: Count = 5
    label_fractions: Distinct[Annotated[float, Field(gt=0, le=1)]] = [0.01, 0.1]
    """Shares of the training labels with which the probes are also fitted; the encoder has seen all images."""


class Budget(budget.ClassBudget):
    probe: Evaluated[Probe] = Probe()
