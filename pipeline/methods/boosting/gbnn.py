"""A network of one hidden layer grows unit by unit, each fitted to what those before it left over."""

from pipeline.contract import Tensor, torch
from pipeline.methods.boosting import BoostedRegressor, GrownUnits


class GBNN(GrownUnits, BoostedRegressor):
    """L = (y - F)^2 / 2, so that r = y - F; F_0 is the mean and the step along f_m is 1, as in the authors' code.

    On half of the rows 1 is not the step that is best on all of them. Their rate is 1; a unit with huge weights then
    spoils the sum, which fewer rounds, chosen on rows held out, or a smaller rate prevent.
    """

    paper = "gbnn"

    def start(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        return labels.double().mean()[None], torch.ones(1, 1, dtype=torch.float64)

    def residuals(self, total: Tensor, labels: Tensor) -> Tensor:
        return labels.double()[:, None] - total

    def newton(self, total: Tensor, residuals: Tensor, found: Tensor, labels: Tensor) -> float:
        return 1.0
