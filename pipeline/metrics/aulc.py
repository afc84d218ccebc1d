"""The area under the learning curve: accuracy averaged over the labels bought, from the first to the last round."""

from torch import Tensor

from pipeline.ops.rounds import area

LABEL = "Area under the curve (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
EARLY = 0.25


def compute(round_predictions: Tensor, round_labels: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """(N,) of predictions (R + 1, N) and labels bought (R + 1,); with `_early`, over the first quarter of them."""
    return {
        "": area(round_predictions, round_labels, labels),
        "early": area(round_predictions, round_labels, labels, EARLY),
    }
