"""Share of images that an encoder, which the attack never asks, sees as the class of their target image."""

from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Taken for the target (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(seen_labels: Tensor, target_labels: Tensor) -> Tensor:
    """(N,) of the classes seen and wanted, (N,) each."""
    return top1(seen_labels, target_labels)
