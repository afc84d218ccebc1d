"""NT-Xent in which the positive pair must win by a margin in angle."""

from pipeline.contract import Tensor, setting
from pipeline.methods.joint_embedding.snt_xent_am import SNTXentAM
from pipeline.ops.margins import widened


class SNTXentAAM(SNTXentAM):
    """SNT-Xent-AM with cos(theta_ij + m) for cos_ij - m, m in radians; m = 0 is NT-Xent.

    Beyond theta = pi - m the target is cos theta - m sin m, as in the public code and in ArcFace. The code's default
    margin is 0.1 for both losses. Near theta = 0 the positive's gradient is (theta + m)/theta times NT-Xent's, and an
    untrained network whose features are all alike begins there.
    """

    paper = "additive_margin"
    margin: float = setting(0.1, unit="radians", low=0.0, high=1.57)

    def target(self, positives: Tensor) -> Tensor:
        return widened(positives, self.margin)
