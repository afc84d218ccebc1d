"""Most of an input's late activations are removed and the rest scaled up by how much was removed, before the energy."""

from pipeline.contract import Tensor, setting
from pipeline.methods.ood_score import OODScore


class ASH(OODScore):
    """ASH-S (algorithm 3): a_i = 0 where a_i is below the input's own p-th percentile, else a_i exp(s1 / s2).

    s1 and s2 are the sums of the activations a before and after the pruning; the score is log sum_k exp f_k of what
    results. a is the pooled penultimate layer of D channels, as in the authors' code, which keeps D - round(D p / 100)
    of them. p = 90 is that of their ImageNet models with thousands of channels; of 64 it leaves 6. An input
    without any activation keeps none.
    """

    paper = "ash"
    percentile: float = setting(90.0, unit="percent pruned", low=0.0, high=99.0)

    def score(self, inputs: Tensor) -> Tensor:
        a = self.model.encoder(inputs).double()
        kept = a.shape[1] - round(a.shape[1] * self.percentile / 100)
        values, places = a.topk(max(kept, 1), dim=1)
        scale = a.sum(1) / values.sum(1).clamp_min(1e-12)
        shaped = a.new_zeros(a.shape).scatter(1, places, values * scale.exp()[:, None])
        return self.read(shaped).logsumexp(1)
