"""LDAM with deferred re-weighting by sharpness-aware steps of a large radius, which leave rare classes' saddles."""

from pipeline.methods.balanced.ldam_drw import LDAMDRW
from pipeline.methods.sharpness_aware import SharpnessAware


class SAMLDAMDRW(SharpnessAware, LDAMDRW):
    """`ldam_drw` minimised by SAM with a constant rho = 0.8, the authors' for CIFAR-10 and CIFAR-100 (run.sh).

    Weights enter at 160 of 200 epochs, as in LDAM's own code. Their code lets both passes update the running
    statistics of batch normalisation; here the first alone does.
    """

    paper = "saddle_long_tail"
    rho = 0.8
