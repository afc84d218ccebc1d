"""A normal distribution is boosted along the ordinary gradient: what the natural one is compared with."""

from pipeline.contract import Tensor
from pipeline.methods.boosting.ngboost import NGBoost, gradient


class BoostPlainGradient(NGBoost):
    """NGBoost with grad S in place of I^-1 grad S, which depends on how the distribution is parametrised."""

    paper = "ngboost"

    def direction(self, theta: Tensor, targets: Tensor) -> Tensor:
        return gradient(theta, targets)
