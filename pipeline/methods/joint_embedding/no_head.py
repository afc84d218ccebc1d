"""SimCLR without a projection head: the features themselves are contrasted."""

from pipeline.contract import setting
from pipeline.methods.joint_embedding.fixed_head import FixedHead


class NoHead(FixedHead):
    """NT-Xent on f: what the paper compares heads with. The sizes of SimCLR's head are not used."""

    paper = "projection_head"
    kappa: float = setting(1.0, low=1.0)
