"""Cross-entropy over its sum for all labels, which bounds it, with the mean absolute error added."""

from pipeline.contract import Tensor
from pipeline.methods.robust import ActivePassive


class NCEMAE(ActivePassive):
    """L = alpha NCE + beta MAE with MAE = 1 - p_y: half of |q - p|_1, as in the authors' code."""

    paper = "apl"

    def passive(self, missing: Tensor) -> Tensor:
        return missing
