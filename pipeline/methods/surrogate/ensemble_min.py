"""Several networks are fitted from different beginnings, and what the least sanguine of them says is climbed."""

from pipeline.contract import Tensor
from pipeline.methods.surrogate.ensemble_mean import EnsembleMean


class EnsembleMin(EnsembleMean):
    """score(x) = min_m g_m(x). Design-Bench has five networks. No paper of the catalogue is its source."""

    paper = ""

    def score(self, designs: Tensor) -> Tensor:
        return self.scores(designs).amin(0)
