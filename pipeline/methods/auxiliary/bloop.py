"""The auxiliary gradient acts only across the running mean of the training loss's gradients, not against it."""

from pipeline.contract import Tensor
from pipeline.methods.auxiliary import Auxiliary, along


class Bloop(Auxiliary):
    """Bloop: g + lambda (h - <h, m> / |m|^2 m), m <- m + ema (g - m). ema = 1 projects on today's gradient alone.

    In the authors' example ema = 0.01, and lambda from 1e-4 to 1.
    """

    paper = "bloop"

    def combine(self, main: Tensor, auxiliary: Tensor) -> Tensor:
        return main + self.strength * (auxiliary - along(auxiliary, self.main))
