"""Adversarial weight perturbation: images and then weights are made worse before each step of adversarial training."""

from pipeline.methods.adversarial import WeightPerturbed
from pipeline.methods.adversarial.pgd_at import PGDAT


class AWPAT(WeightPerturbed, PGDAT):
    """Algorithm 1, AT-AWP: L is the cross-entropy of attacked images.

    gamma = 0.01 from the first epoch on is the authors' for CIFAR-10; their attack has ten steps of r/4 (ours is that
    of `pgd_at`, for a fair comparison).
    """

    paper = "awp"
