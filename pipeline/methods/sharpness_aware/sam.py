"""Cross-entropy where it is worst within a small radius of the weights, so that minima found are flat."""

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware import SharpnessAware


class SAM(SharpnessAware, CrossEntropy):
    """Sharpness-aware minimisation of Foret et al. (2021) with cross-entropy, at their rho = 0.05.

    It stands in the study of long tails as the case without re-weighting, for which Rangwani et al. have rho = 0.1 on
    CIFAR-10 (their run.sh).
    """

    paper = "saddle_long_tail"
