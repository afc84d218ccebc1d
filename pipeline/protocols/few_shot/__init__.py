"""Episodes of classes that were never trained on: a few labelled images of each, and queries to be told apart."""

from typing import Annotated

from pydantic import Field

from pipeline.errors import UserError
from pipeline.modalities import Dataset
from pipeline.protocols import metric_learning
from pipeline.schema import Count, Evaluated, NotNegative, Strict

KINDS = ("episode_classifier", "embedding", "classifier", "representation")


class Task(Strict):
    """A kind of episode; values of metrics that are of it have its name behind theirs."""

    name: Annotated[str, Field(pattern="^[a-z][a-z0-9_]*$")]
    ways: Annotated[int, Field(ge=2)]
    shots: Count
    queries: Count = 15
    """Of each class; all that it has beside the labelled ones where these are fewer."""
    episodes: Count = 2000


class Budget(metric_learning.Budget):
    tasks: Evaluated[Annotated[list[Task], Field(min_length=1)]] = [
        Task(name="one_shot", ways=5, shots=1),
        Task(name="five_shots", ways=5, shots=5),
    ]
    adjacent: Evaluated[bool] = False
    """Classes of an episode are neighbours in the data set's order, where these are alike, and not any classes."""
    query_concentration: Evaluated[NotNegative] = 0.0
    """Of the Dirichlet distribution from which classes' shares of an episode's queries are drawn; 0 for equal ones."""
    chosen_on: Evaluated[Count] = 50
    """Episodes of validation classes, for methods that choose a setting themselves."""

    def check(self, described: Dataset, where: str) -> None:
        super().check(described, where)
        examples = (self.train_examples or described.train_examples) + (self.test_examples or described.test_examples)
        each = examples // len(described.classes)
        for task in self.tasks:
            if task.shots >= each:
                raise UserError(
                    f"{where}: tasks {task.name}: shots = {task.shots}: must be less than the {each} images of a class"
                )
