"""Gradient boosting of small trees for numbers, scikit-learn's: the reference for other ways to boost."""

from pipeline.contract import Tensor
from pipeline.methods.boosting import BoostedRegressor, StochasticGradientBoosting


class GradientBoosting(StochasticGradientBoosting, BoostedRegressor):
    """f_m fits y - F_{m-1} by least squares, times the rate; F_0 is the mean (Friedman 2001 and 2002).

    No paper of the catalogue is its source.
    """

    paper = ""

    def fit(self, rows: Tensor, labels: Tensor, rounds: int) -> None:
        from sklearn.ensemble import GradientBoostingRegressor

        targets = labels.double()
        self.fit_trees(GradientBoostingRegressor, rows, targets, rounds, targets.mean()[None])
