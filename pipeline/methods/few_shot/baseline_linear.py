"""A new linear classifier for each episode, fitted to its few labelled examples on frozen features."""

from typing import ClassVar

from pipeline.contract import Tensor, setting
from pipeline.methods.few_shot import Frozen
from pipeline.ops.episode_logistic import fitted_scores


class BaselineLinear(Frozen):
    """Multinomial logistic regression on the support: least sum_i CE(W x_i + b, y_i) + |W|^2 / (2 strength).

    The paper takes a hundred epochs of SGD with weight decay; solved here, for all episodes at once, by L-BFGS.
    strength = 1 is scikit-learn's default. Features as they are.
    """

    paper = "closer_look"
    strength: float = setting(1.0, unit="inverse of the penalty", low=1e-6)
    tolerance: ClassVar[float] = 1e-4
    """The gradient at the end, as a part of that at the start."""

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        return fitted_scores(support, labels, queries, self.strength, self.tolerance)
