"""Adversarial training whose input gradients are aligned as well: robustness and its mark, asked for together."""

from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.methods.aligned_gradients.pag_class_mean import PAGClassMean


class PAGAT(PAGClassMean, PGDAT):
    """The loss of `pag_class_mean` with that of `pgd_at` in place of the cross-entropy of the images as they are.

    The paper adds its term to several kinds of adversarial training, with targets from a diffusion model; here the
    targets are class means. `weight` = 0 is `pgd_at`.
    """

    paper = "pag"
