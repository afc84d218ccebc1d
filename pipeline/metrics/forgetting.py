"""What accuracy on the old classes' test images has lost since the end of the phase that had labels."""

from torch import Tensor

from pipeline.errors import Absent

LABEL = "Forgetting of old classes (points)"
UNIT = "points"
BOUNDS = (-100.0, 100.0)
DIRECTION = "lower"


def compute(before_sessions: float | None, predictions: Tensor, labels: Tensor, old_classes: int) -> float:
    """Of the accuracy before, on old classes alone, and of matched classes (N,) and labels (N,) of the test split.

    What is taken for a class that has come since is lost too, however well old classes are told apart.
    """
    if before_sessions is None:
        raise Absent("new classes do not come in sessions")
    old = labels < old_classes
    return before_sessions - 100.0 * float((predictions == labels)[old].double().mean())
