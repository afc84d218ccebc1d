"""A network of one hidden layer, fitted as a whole: what one that grows unit by unit is compared with."""

from collections.abc import Callable
from typing import Any

from pipeline.contract import Tensor
from pipeline.methods.boosting import BoostedRegressor, JointUnits


class JointNetwork(JointUnits, BoostedRegressor):
    """Least squares by L-BFGS over all units at once. No paper of the catalogue is its source."""

    paper = ""

    def estimator(self, labels: Tensor) -> tuple[Callable[..., Any], Tensor]:
        from sklearn.neural_network import MLPRegressor

        return MLPRegressor, labels.double()
