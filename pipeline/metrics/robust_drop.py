"""What robust test accuracy loses from its best epoch, which nobody can choose in practice, to the last."""

from pipeline.errors import Absent

LABEL = "Robust drop (points)"
UNIT = "points"
BOUNDS = (0.0, 100.0)
DIRECTION = "lower"


def compute(watched_robust: list[float] | None) -> float:
    """Of robust accuracies after each epoch."""
    if not watched_robust:
        raise Absent("the study does not watch epochs here, or there are none")
    return max(watched_robust) - watched_robust[-1]
