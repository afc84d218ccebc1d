"""Auto-PGD on a difference of logits over another difference: no scale of the logits hides its slope."""

from pipeline.methods.attack.apgd_ce import APGDCE
from pipeline.ops.apgd import dlr


class APGDDLR(APGDCE):
    """`apgd_ce` on equation 6, -(z_y - max_{k != y} z_k) / (z_(1) - z_(3)), which is the same for a z + b, a > 0."""

    paper = "auto_attack"
    score = staticmethod(dlr)
