"""The auxiliary gradient loses its part along the training loss's, up to what that loss's own step makes up for."""

from pipeline.contract import Tensor, setting
from pipeline.methods.auxiliary import Auxiliary, along


class DynamicBarrier(Auxiliary):
    """Dynamic barrier (Gong and Liu 2021) in the authors' form: g + lambda (h - min(<h, m> / |m|^2, 1 / lambda) m).

    Today's gradient alone is m, ema = 1, as in the authors' example.
    """

    paper = "bloop"
    ema: float = setting(1.0, low=0.0, high=1.0)

    def combine(self, main: Tensor, auxiliary: Tensor) -> Tensor:
        most = 1 / max(self.strength, 1e-30)
        return main + self.strength * (auxiliary - along(auxiliary, self.main, most))
