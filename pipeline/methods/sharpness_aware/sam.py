"""Cross-entropy where it is worst within a small radius of the weights, so that minima found are flat."""

from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.methods.sharpness_aware import SharpnessAware


class SAM(SharpnessAware, CrossEntropy):
    """Sharpness-aware minimisation of Foret et al. (2021) with cross-entropy, at their rho = 0.05 for CIFAR-10.

    Their code adds weight decay of all parameters to the loss, so that it takes part in the ascent, and clips the
    length of the last gradient at 5; here neither is done. Each of their accelerators climbs by its own share of the
    batch: `sam_m_sharpness`. In the study of long tails it is the case without re-weighting, for which Rangwani et al.
    have rho = 0.1 on CIFAR-10 (their run.sh).
    """

    paper = "saddle_long_tail"
