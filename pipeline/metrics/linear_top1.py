"""Accuracy of a linear probe on frozen features: multinomial logistic regression."""

from typing import Any

from torch import Tensor

from pipeline.ops.class_scores import top1
from pipeline.ops.probes import linear_probe

LABEL = "Linear probe top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"


def compute(
    probe_logits: Tensor,
    bank: Tensor,
    bank_labels: Tensor,
    features: Tensor,
    labels: Tensor,
    num_classes: int,
    probe: Any,
    few_labels: dict[str, Tensor],
    further_bank: dict[str, Tensor],
    further_features: dict[str, Tensor],
) -> dict[str, Tensor]:
    """With all labels, with shares of them (`_1pct`), and of the method's further features by name.

    probe_logits (N, K): what `ops.probes.linear_probe` makes of bank (M, F), bank_labels (M,) and features (N, F).
    """

    def fitted(train: Tensor, train_labels: Tensor, test: Tensor) -> Tensor:
        logits = linear_probe(train, train_labels, test, num_classes, l2=probe.l2, iterations=probe.iterations)
        return top1(logits.argmax(1), labels)

    found = {"": top1(probe_logits.argmax(1), labels)}
    found |= {share: fitted(bank[few], bank_labels[few], features) for share, few in few_labels.items()}
    return found | {name: fitted(train, bank_labels, further_features[name]) for name, train in further_bank.items()}
