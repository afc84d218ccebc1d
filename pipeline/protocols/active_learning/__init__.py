"""Rounds of labelling: a method says which labels to buy, and a learner is fitted anew to all that were bought.

No method trains anything. All are given the same learner, first labels, budget and draws, and no label that they have
not bought: so what differs is what they chose.
"""

from typing import Annotated, Literal

from pydantic import Field

from pipeline import budget
from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.schema import Count, Evaluated, NotNegative, Positive, Rate, Steps, Strict, Whole

KINDS = ("acquisition",)
MODALITIES = ("tables",)


class Network(Strict):
    """Two hidden layers of 64 units with ReLU, fitted by Adam to all labelled rows at once: a fixed rule."""

    steps: Count = 100
    learning_rate: Rate = 0.01
    weight_decay: NotNegative = 1e-4
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    """Of hidden units, while it is fitted and where its answers are sampled."""


class Budget(budget.Budget):
    encoder: Steps[str] = "identity"
    """Rows are their own standardised columns."""
    learner: Evaluated[Literal["network", "logistic"]] = "network"
    network: Evaluated[Network] = Network()
    penalty: Evaluated[Positive] = 1e-3
    """Of logistic regression: mean cross-entropy + penalty |W|^2 / 2, solved to the optimum."""
    first_labels: Evaluated[Count | None] = 2
    """Of each class, given before the first round, drawn per study and seed; null for all labels of the pool."""
    rounds: Evaluated[Whole] = 20
    bought: Evaluated[Count] = 10
    """Labels a round."""
    boundary: Evaluated[Literal["own", "all_labels"]] = "own"
    """Whose answers methods choose by: those of the learner fitted to what was bought, or, to tell a poor first learner
    from what small margins do, of one fitted to all labels of the pool. What is judged is the former."""

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        budget.needs_classes(described, where)
        if self.imbalance:
            raise UserError(
                f"{where}: imbalance = {self.imbalance:g}: the pool is the whole training split; take it out"
            )
        pool = budget.training_examples(self, described)
        first = (
            pool
            if self.first_labels is None
            else self.first_labels * (len(described.classes) - len(set(self.held_out_classes)))
        )
        if (wanted := first + self.rounds * self.bought) > pool:
            raise UserError(
                f"{where}: rounds = {self.rounds}: {wanted} labels with the first ones, but the pool has {pool} rows; "
                "make rounds, bought or first_labels smaller"
            )
