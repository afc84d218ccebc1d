"""Whether a task is solved: less than one test example in a hundred is answered wrongly."""

from torch import Tensor

LABEL = "Solved (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None
WRONG = 0.01


def compute(predictions: Tensor, labels: Tensor) -> float:
    """100 or 0, so that its mean over seeds is the share of runs that solve it."""
    return 100.0 * float((predictions != labels).double().mean() < WRONG)
