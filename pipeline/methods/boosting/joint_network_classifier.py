"""A network of one hidden layer for classes, fitted as a whole: what one that grows unit by unit is compared with."""

from collections.abc import Callable
from typing import Any

from pipeline.contract import Tensor
from pipeline.methods.boosting import BoostedClassifier, JointUnits


class JointNetworkClassifier(JointUnits, BoostedClassifier):
    """Cross-entropy by L-BFGS over all units at once. No paper of the catalogue is its source."""

    paper = ""

    def estimator(self, labels: Tensor) -> tuple[Callable[..., Any], Tensor]:
        from sklearn.neural_network import MLPClassifier

        return MLPClassifier, labels
