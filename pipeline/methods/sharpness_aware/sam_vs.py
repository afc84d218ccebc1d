"""The vector-scaling loss by sharpness-aware steps of a large radius, which leave rare classes' saddle points."""

from pipeline.methods.balanced.vs_loss import VSLoss
from pipeline.methods.sharpness_aware import SharpnessAware


class SAMVS(SharpnessAware, VSLoss):
    """`vs_loss` minimised by SAM with a constant rho.

    The authors' run.sh has no line for this loss; rho = 0.5 is its value for the other softmax loss that favours rare
    classes, re-weighted cross-entropy on CIFAR-10. gamma = 0.3 and tau = 1 are their code's defaults too. On ImageNet
    and iNaturalist their rho rises in steps, 0.05 in the first epochs, then 0.1 and up to 0.5. Their code lets both
    passes update the running statistics of batch normalisation; here the first alone does.
    """

    paper = "saddle_long_tail"
    rho = 0.5
