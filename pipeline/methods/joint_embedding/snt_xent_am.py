"""NT-Xent in which the positive pair must win by a margin in cosine."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.joint_embedding.simclr import SimCLR
from pipeline.ops.similarity import positives_and_negatives


class SNTXentAM(SimCLR):
    """l(i, j) = -log exp((cos_ij - m)/tau) / (exp((cos_ij - m)/tau) + sum_{k != i, j} exp(cos_ik/tau)), mean over 2B.

    Symmetric, as in SimCLR: every view is an anchor against all others. m = 0 is NT-Xent. The paper is on speaker
    verification; m = 0.1 and tau = 0.03 (a scale of 33.3) are the defaults of its public code, which trains without
    a projection head. Here the family's head is used.
    """

    paper = "additive_margin"
    temperature = 0.03
    margin: float = setting(0.1, unit="cosine", low=0.0, high=2.0)

    def objective(self, *z: Tensor) -> Tensor:
        positives, negatives = positives_and_negatives(*z)
        target = self.target(positives) / self.temperature
        everything = torch.cat([target[:, None], negatives / self.temperature], 1)
        return (everything.logsumexp(1) - target).mean()

    def target(self, positives: Tensor) -> Tensor:
        """Cosines (2B,) of the positive pairs with the margin applied."""
        return positives - self.margin
