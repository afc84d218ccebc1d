"""The gradient is kept short where it is longest nearby, which bounds the loss's curvature in all directions."""

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.gradients import Slopes
from pipeline.ops.sharpness import ascent
from pipeline.ops.vectors import Gradient, combined


class GAM(CrossEntropy):
    """Gradient norm aware minimisation, algorithm 1: grad L(w) + alpha rho grad |grad L| at w + rho f / |f|.

    f = grad |grad L(w)| = H g / |g| climbs to where the gradient is longest within rho, first-order flatness being rho
    times its length there. Both gradients of lengths are exact, by double backward; `gam_fast` is what
    the authors' code has. rho = 0.2 is its `grad_norm_rho`; alpha, which the code has in another form, is 1 here.
    """

    paper = "gam"
    rho: float = setting(0.2, unit="L2 norm over all parameters", low=0.0)
    alpha: float = setting(1.0, low=0.0)

    def backward(self, batch: Batch) -> Tensor:
        slopes = Slopes(self, batch)
        slope, bend = slopes.bent()
        flatness = slopes.bent(ascent(bend, self.rho))[1]
        return slopes.leave(combined((1.0, self.descent(slopes, slope)), (self.alpha * self.rho, flatness)))

    def descent(self, slopes: Slopes, slope: Gradient) -> Gradient:
        """What lowers the loss itself, given its gradient at the weights."""
        return slope
