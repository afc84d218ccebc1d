"""MoCo with SimCLR's projection head and stronger augmentation."""

from pipeline.methods.momentum_contrast import MomentumContrast


class MoCoV2(MomentumContrast):
    """Equations 1 (InfoNCE) and 2 (momentum update) of the MoCo papers; the loss is the family's.

    Version 2's changes: an MLP head of two layers, temperature 0.2 and, set by the study for all methods alike,
    its augmentation and cosine schedule. The loss is asymmetric, one view queries and the other is the key, as in
    the paper and its code.
    """

    paper = "moco_v2"
