"""Gradient norm aware minimisation on top of sharpness-aware steps: the loss at the top, and a short gradient."""

from pipeline.contract import setting
from pipeline.methods.gradient_norm.gam import GAM
from pipeline.ops.gradients import Slopes
from pipeline.ops.sharpness import ascent
from pipeline.ops.vectors import Gradient


class GAMSAM(GAM):
    """`gam` with SAM's gradient, grad L at w + rho_sam g / |g|, in place of grad L(w).

    rho_sam = 0.05 as SAM's own.
    """

    paper = "gam"
    rho_sam: float = setting(0.05, unit="L2 norm over all parameters", low=0.0)

    def descent(self, slopes: Slopes, slope: Gradient) -> Gradient:
        return slopes.gradient(ascent(slope, self.rho_sam))
