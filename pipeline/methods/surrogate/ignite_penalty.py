"""The norm of the gradient of a surrogate's mean prediction, by its weights, is a penalty on its training."""

from pipeline.contract import setting
from pipeline.methods.surrogate import GradientNorm
from pipeline.methods.surrogate.gradient_ascent import GradientAscent


class IgnitePenalty(GradientNorm, GradientAscent):
    """L + lambda rho |grad_w mean g(x)| with a fixed lambda: the paper's IGNITE-2. lambda = 0 is gradient ascent.

    rho, r and lambda are those of the authors' scripts. Theirs adds it to a likelihood with a predicted deviation.
    """

    paper = "ignite"
    rho: float = setting(0.2, unit="L2 norm over all weights", low=0.0)
    r: float = setting(0.2, unit="L2 norm over all weights", low=1e-6)
    penalty: float = setting(0.01, low=0.0)

    def weight(self) -> float:
        return self.penalty
