"""Share of images that the encoder sees as the class of their target image without an attack."""

from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Taken for the target before (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = None


def compute(seen_before: Tensor, target_labels: Tensor) -> Tensor:
    """(N,) of the classes seen and wanted, (N,) each."""
    return top1(seen_before, target_labels)
