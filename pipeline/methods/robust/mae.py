"""The distance between the predicted and the given distribution, the same in sum for all labels an example may have."""

from pipeline.contract import Tensor
from pipeline.methods.robust import RobustLoss


class MAE(RobustLoss):
    """L = |e_y - p|_1 = 2 - 2 p_y, in [0, 2].

    Summed over all labels y it is 2 (K - 1) whatever p is; for such a loss symmetric noise below 1 - 1/K does not move
    the minimum of the risk. Its gradient in the logits is 2 p_y times cross-entropy's.
    """

    paper = "mae_loss"

    def losses(self, log_p: Tensor, given: Tensor) -> Tensor:
        return -2 * given.expm1()
