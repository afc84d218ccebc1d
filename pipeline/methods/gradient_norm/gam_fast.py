"""Gradient norm aware minimisation without second derivatives: four gradients, of which differences tell the bend."""

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.gradients import Slopes
from pipeline.ops.sharpness import ascent
from pipeline.ops.vectors import across, combined


class GAMFast(CrossEntropy):
    """The accelerated form of the authors' code (appendix D), which approximates H g / |g| by (g_1 - g_0) / r.

    g_0 at w; g_1 at w + r g_0 / |g_0|; g_2 at v = w + rho (g_1 - g_0) / |g_1 - g_0|; g_3 at v + r g_2 / |g_2|. The
    step is d_1 - gamma (d_0 less its part along d_1) with d_1 = alpha g_1 + (1 - alpha) g_3 and d_0 = g_0 + (1 - beta)
    g_2. In the code beta weighs g_2 alone, though it is called the scale of g_0. Values are its for CIFAR-10.
    """

    paper = "gam"
    rho: float = setting(0.2, unit="L2 norm over all parameters", low=0.0)
    rho_small: float = setting(0.03, unit="L2 norm over all parameters", low=0.0)
    alpha: float = setting(0.1, low=0.0, high=1.0)
    beta: float = setting(0.1, low=0.0, high=1.0)
    gamma: float = setting(0.05, low=0.0)

    def backward(self, batch: Batch) -> Tensor:
        slopes = Slopes(self, batch)
        first = slopes.gradient()
        second = slopes.gradient(ascent(first, self.rho_small))
        away = ascent(combined((1.0, second), (-1.0, first)), self.rho)
        third = slopes.gradient(away)
        fourth = slopes.gradient(combined((1.0, away), (1.0, ascent(third, self.rho_small))))
        tops = combined((self.alpha, second), (1 - self.alpha, fourth))
        feet = combined((1.0, first), (1 - self.beta, third))
        return slopes.leave(combined((1.0, tops), (-self.gamma, across(feet, tops))))
