"""Cross-entropy over its sum for all labels, which bounds it, with the cross-entropy of prediction to label added."""

import math

from pipeline.contract import Tensor, setting
from pipeline.methods.robust import ActivePassive


class NCERCE(ActivePassive):
    """L = alpha NCE + beta RCE, RCE = -sum_k p_k log q_k for the one-hot label q with log 0 set to log `floor`.

    So RCE = -log(floor) (1 - p_y). The floor 1e-4 is that of the authors' code, where -log(floor) = 9.21.
    """

    paper = "apl"
    floor: float = setting(1e-4, unit="probability", low=1e-30, high=1.0)

    def passive(self, missing: Tensor) -> Tensor:
        return -math.log(self.floor) * missing
