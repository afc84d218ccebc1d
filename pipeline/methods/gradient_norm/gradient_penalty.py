"""Cross-entropy plus the length of its own gradient: what sharpness-aware steps are to first order in their radius."""

from pipeline.contract import Batch, Tensor, setting
from pipeline.methods.classifier.cross_entropy import CrossEntropy
from pipeline.ops.gradients import Slopes
from pipeline.ops.vectors import combined


class GradientPenalty(CrossEntropy):
    """L + lambda |grad L| of Zhao, Zhang and Hu (2022), its gradient g + lambda H g / |g| by double backward.

    The authors take the second term from gradients at two points, which makes of it (1 - a) grad L(w) + a grad L(w +
    r g / |g|) with lambda = a r; a = 1 is SAM. So lambda is a radius; 0.05 as SAM's.
    """

    paper = "gradient_penalty"
    strength: float = setting(0.05, unit="L2 norm over all parameters", low=0.0)

    def backward(self, batch: Batch) -> Tensor:
        slopes = Slopes(self, batch)
        slope, bend = slopes.bent()
        return slopes.leave(combined((1.0, slope), (self.strength, bend)))
