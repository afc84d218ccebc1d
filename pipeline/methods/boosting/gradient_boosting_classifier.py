"""Gradient boosting of small trees for classes, scikit-learn's: the reference for other ways to boost."""

from pipeline.contract import Tensor, torch
from pipeline.methods.boosting import BoostedClassifier, StochasticGradientBoosting


class GradientBoostingClassifier(StochasticGradientBoosting, BoostedClassifier):
    """f_m fits [y = k] - p_k by least squares, with leaves of a Newton step, times the rate; F_0 = log of the shares.

    Of two classes only the second has trees. No paper of the catalogue is its source.
    """

    paper = ""

    def fit(self, rows: Tensor, labels: Tensor, rounds: int) -> None:
        from sklearn.ensemble import GradientBoostingClassifier

        shares = torch.bincount(labels, minlength=len(self.base)).double() / len(labels)
        self.fit_trees(GradientBoostingClassifier, rows, labels, rounds, shares.log())
