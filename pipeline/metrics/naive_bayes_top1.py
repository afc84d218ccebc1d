"""Accuracy of Gaussian naive Bayes on frozen features."""

from torch import Tensor

from pipeline.ops.class_scores import top1
from pipeline.ops.probes import naive_bayes

LABEL = "Naive Bayes top-1 (%)"
UNIT = "%"
BOUNDS = (0.0, 100.0)
DIRECTION = "higher"
CHANCE = "class"


def compute(
    bank: Tensor,
    bank_labels: Tensor,
    features: Tensor,
    labels: Tensor,
    num_classes: int,
    few_labels: dict[str, Tensor],
) -> dict[str, Tensor]:
    """With all labels and with shares of them (`_1pct`), of bank (M, F) and features (N, F)."""

    def fitted(train: Tensor, train_labels: Tensor) -> Tensor:
        return top1(naive_bayes(train, train_labels, features, num_classes).argmax(1), labels)

    shares = {share: fitted(bank[few], bank_labels[few]) for share, few in few_labels.items()}
    return {"": fitted(bank, bank_labels), **shares}
