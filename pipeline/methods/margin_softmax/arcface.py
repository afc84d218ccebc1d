"""The true class must win by a margin in angle: a geodesic distance on the hypersphere."""

from pipeline.contract import Tensor, setting
from pipeline.methods.margin_softmax import MarginSoftmax
from pipeline.ops.margins import widened


class ArcFace(MarginSoftmax):
    """Equation 3: t(cos theta_y) = cos(theta_y + m), with m = 0.5 rad and s = 64. m = 0 is the normalised softmax.

    cos(theta + m) rises again beyond theta = pi - m, where the formula would reward going further astray. As in the
    authors' code without "easy margin", the target there is cos theta - m sin m, which keeps it falling with theta.
    One centre per class; those with several, of section 3.3, are `sub_center_arcface`.
    """

    paper = "arcface"
    margin: float = setting(0.5, unit="radians", low=0.0, high=1.57)

    def target(self, cosine: Tensor) -> Tensor:
        return widened(cosine, self.margin)
