"""Pairs are mined by how they compare with an anchor's other pairs, and weighted by how they compare with them all."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding import Embedding
from pipeline.ops.pairs import log_one_plus_sum, same_and_different


class MultiSimilarity(Embedding):
    """L = mean_i [1/alpha log(1 + sum_{k in P_i} e^{-alpha (S_ik - l)})
    + 1/beta log(1 + sum_{k in N_i} e^{beta (S_ik - l)})].

    S are cosines. Of an anchor's pairs of two classes those are kept that come within epsilon of its least similar pair
    of one class, and of the latter those within epsilon of its most similar one of two (equations 11 and 12); mining
    has no gradient. alpha = 2, beta = 50 and epsilon = 0.1 are the paper's; l = 0.5 is that of the authors' code and of
    libraries, where the text has 1.
    """

    paper = "multi_similarity"
    alpha: float = setting(2.0, unit="per cosine", low=1e-3)
    beta: float = setting(50.0, unit="per cosine", low=1e-3)
    base: float = setting(0.5, unit="cosine", low=-1.0, high=1.0)
    epsilon: float = setting(0.1, unit="cosine", low=0.0)
    mined: bool = setting(True)
    """Whether pairs are mined; else all are used."""

    def cosine_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        same, different = self.kept(cosines.detach(), *same_and_different(labels))
        away = cosines - self.base
        near = log_one_plus_sum(-self.alpha * away, same, 1) / self.alpha
        return (near + log_one_plus_sum(self.beta * away, different, 1) / self.beta).mean()

    def kept(self, cosines: Tensor, same: Tensor, different: Tensor) -> tuple[Tensor, Tensor]:
        """(B, B) bool: the pairs of one class and of two that are informative."""
        if not self.mined:
            return same, different
        least = cosines.masked_fill(~same, torch.inf).amin(1, keepdim=True)
        most = cosines.masked_fill(~different, -torch.inf).amax(1, keepdim=True)
        return same & (cosines - self.epsilon < most), different & (cosines + self.epsilon > least)
