"""Examples whose label is thought unlikely weigh less than in cross-entropy, but more than in the absolute error."""

from pipeline.contract import Tensor, setting
from pipeline.methods.robust import RobustLoss


class GCE(RobustLoss):
    """L_q = (1 - p_y^q) / q with q = 0.7, the paper's.

    q -> 0 is cross-entropy, q = 1 is 1 - p_y, half the mean absolute error; the gradient is p_y^q of cross-entropy's.
    The paper's truncated loss, which after some epochs leaves out what it finds below p_y = 0.5, is not here.
    """

    paper = "gce"
    q: float = setting(0.7, low=0.001, high=1.0)

    def losses(self, log_p: Tensor, given: Tensor) -> Tensor:
        return -(self.q * given).expm1() / self.q
