"""Activations that are unusually large, as unknown inputs provoke them, are cut off before the energy is taken."""

from pipeline.contract import Tensor, setting
from pipeline.methods.ood_score import OODScore, Validation


class ReAct(OODScore):
    """h'(x) = min(h(x), c), the score log sum_k exp f_k(h'(x)) with the classifier's own last layer (section 3).

    h is the pooled penultimate layer and c the `percentile`-th percentile of all its activations, over examples and
    channels alike, on known examples: the paper estimates it on training data and its code on held-out known data;
    here it is the training data. Percentile 90 is the paper's, and 100 almost leaves energy as it is.
    """

    paper = "react"
    percentile: float = setting(90.0, unit="percent of activations", low=0.0, high=100.0)

    def fit(self, validation: Validation) -> dict[str, float]:
        activations = self.penultimate(validation.train_inputs).flatten().sort().values
        # as numpy's percentile, which interpolates; torch.quantile refuses large tensors
        place = (len(activations) - 1) * self.percentile / 100
        low = activations[int(place)]
        high = activations[min(int(place) + 1, len(activations) - 1)]
        self.limit = float(low + (high - low) * (place - int(place)))
        return {"c": self.limit}

    def score(self, inputs: Tensor) -> Tensor:
        return self.read(self.model.encoder(inputs).clamp(max=self.limit)).logsumexp(1)
