"""Only the first half of the units is kept: what a network that grew unit by unit loses when it is cut."""

from pipeline.contract import Tensor
from pipeline.methods.boosting.gbnn import GBNN


class GBNNHalf(GBNN):
    """GBNN, fitted to the end, of which the first M / 2 groups predict."""

    paper = "gbnn"

    def predict(self, features: Tensor) -> Tensor:
        found = self.contributions(features)
        return (self.base + found[: (len(found) + 1) // 2].sum(0))[:, 0].float()
