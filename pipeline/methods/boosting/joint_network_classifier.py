"""A network of one hidden layer for classes, fitted as a whole: what one that grows unit by unit is compared with."""

from pipeline.contract import Tensor, torch
from pipeline.methods.boosting import BoostedClassifier, Units


class JointNetworkClassifier(Units, BoostedClassifier):
    """A single group with all units, fitted by cross-entropy with L-BFGS, as scikit-learn does it, and F_0 = 0."""

    paper = ""
    rounds: int = 1
    units: int = 200
    held_out: float = 0.0

    def fit(self, rows: Tensor, labels: Tensor, rounds: int) -> None:
        import numpy as np
        from sklearn.neural_network import MLPClassifier

        inside, threshold, outside, shift = self.group(MLPClassifier, rows, labels, np.random.RandomState(self.seed))
        # of two classes scikit-learn has one output, the logit of the second
        spread = torch.eye(len(self.base), dtype=torch.float64)[-len(shift) :]
        self.network.put(0, inside, threshold, outside @ spread, shift @ spread)
