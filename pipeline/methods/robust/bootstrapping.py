"""The target is part the given label and part the network's own decision, so that it may disagree with labels."""

from pipeline.contract import Tensor, setting
from pipeline.methods.robust import RobustLoss


class Bootstrapping(RobustLoss):
    """Hard form: L = -sum_k (beta t_k + (1 - beta) z_k) log p_k, t the label, z one-hot at argmax p; beta = 0.8.

    z is constant in the gradient. beta = 1 is cross-entropy. The soft form has p itself in place of z, with beta 0.95;
    it is cross-entropy with less entropy as a further aim, and gives the prediction a quarter of the weight. The hard
    one is here because it is the one that puts another label in the place of the given.
    """

    paper = "bootstrapping"
    beta: float = setting(0.8, low=0.0, high=1.0)

    def losses(self, log_p: Tensor, given: Tensor) -> Tensor:
        return -self.beta * given - (1 - self.beta) * log_p.max(1).values
