"""The free energy of the logits, which unlike the softmax keeps their scale."""

from pipeline.contract import Tensor, setting
from pipeline.methods.ood_score import OODScore


class Energy(OODScore):
    """Equation 4: E(x; f) = -T log sum_k exp(f_k(x) / T); the score is -E, higher for known inputs. T = 1.

    T -> 0 is the maximum logit. The paper's fine-tuning on auxiliary outliers is training and not part of this score.
    """

    paper = "energy"
    temperature: float = setting(1.0, unit="logits (T)", low=1e-3)

    def score(self, inputs: Tensor) -> Tensor:
        return self.temperature * (self.logits(inputs) / self.temperature).logsumexp(1)
