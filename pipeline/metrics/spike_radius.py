"""The spectral radius of a recurrent network's weights at the step with the largest gradient of training."""

from typing import Any

from pipeline.ops.observed_gradients import largest

LABEL = "Spectral radius at the largest gradient"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(history: list[dict[str, Any]]) -> float:
    """As it was observed before that step."""
    return float(largest(history)["radius_at_largest"])
