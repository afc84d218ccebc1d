"""F1 of the classes with logit above zero, averaged over examples."""

from torch import Tensor

LABEL = "F1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(logits: Tensor, positives: Tensor) -> Tensor:
    """Of logits (N, K) and labels (N, K), above zero for the classes that an example has; values of those with any."""
    present, chosen = positives > 0, logits > 0
    f1 = 2.0 * (chosen & present).sum(1) / (chosen.sum(1) + present.sum(1)).clamp_min(1)
    return 100.0 * f1.double()[present.any(1)]
