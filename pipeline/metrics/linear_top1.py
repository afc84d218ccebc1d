"""Accuracy of a linear probe on frozen features: multinomial logistic regression, solved to the optimum."""

from torch import Tensor

from pipeline.ops.class_scores import top1

LABEL = "Linear probe top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = "class"


def compute(probe_logits: Tensor, further_probe_logits: dict[str, Tensor], labels: Tensor) -> dict[str, Tensor]:
    """With all labels, with shares of them (`_1pct`), and of the method's further features by name.

    Of logits (N, K) by `ops.probes.linear_probe`, which says of which of scikit-learn's models they are.
    """
    return {name: top1(logits.argmax(1), labels) for name, logits in {"": probe_logits, **further_probe_logits}.items()}
