"""NT-Xent without the positive in the denominator, which weakens the gradient when negatives are easy or few."""

from pipeline.contract import Tensor
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.similarity import positives_and_negatives


class DCL(SimCLR):
    """L_DC,i^(k) = -w_i <z_i^(1), z_i^(2)>/tau + log sum_{l in {1,2}, j != i} exp(<z_i^(k), z_j^(l)>/tau), w = 1.

    With U the sum over negatives, NT-Xent is DCL + log(1 + exp(<z1, z2>/tau) / U). Mean over i and k, where the
    paper sums. The batch needs two images or more.
    """

    paper = "dcl"

    def objective(self, *z: Tensor) -> Tensor:
        positives, negatives = positives_and_negatives(*z)
        attraction = self.weights(positives) * positives
        return ((negatives / self.temperature).logsumexp(1) - attraction / self.temperature).mean()

    def weights(self, positives: Tensor) -> Tensor:
        """w (2B,) of the cosines (2B,) of the positive pairs."""
        return positives.new_ones(())
