"""Classes that were not seen count as absent: the reference for training with partial labels."""

from pipeline.methods.multi_label import MultiLabel


class AssumeNegative(MultiLabel):
    """L = -1/K sum_k y_k log sigma(f_k) + (1 - y_k) log(1 - sigma(f_k)), y_k = 0 for every label not seen.

    The naive baseline of the literature on partial labels; no paper of the catalogue is its source.
    """

    paper = ""
