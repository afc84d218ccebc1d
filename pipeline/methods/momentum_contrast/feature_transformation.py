"""MoCo v2 on features made harder: query and key pushed apart, the queue's keys mixed pairwise."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.momentum_contrast import MomentumContrast


class FeatureTransformation(MomentumContrast):
    """InfoNCE of transformed features, drawn anew for each batch:

    q^ = l q + (1 - l) k, k^ = l k + (1 - l) q, l ~ 1 + Beta(a, a), a = `positive_alpha`, and
    n^_j = l' n_j + (1 - l') n_p(j), p a random permutation of the queue, l' ~ Beta(b, b), b = `negative_alpha`.

    Nothing is rescaled to unit length, as in the public code's recipe, so the positive's cosine s becomes
    s - 2 l (l - 1) (1 - s). q^ also meets the negatives; q inside k^ has its gradient; the queue takes k itself.
    The shares are one pair of numbers a batch, as in the public code's default; it can also draw them by dimension.
    An alpha of 0 leaves that side as it is (l = 1, l' = 1), which with both is MoCo v2.
    """

    paper = "feature_transformation"
    positive_alpha: float = setting(2.0, low=0.0)
    negative_alpha: float = setting(1.6, low=0.0)

    def contrast(self, q: Tensor, k: Tensor) -> Tensor:
        away = share(self.positive_alpha, q) if self.positive_alpha else q.new_zeros(())
        return super().contrast(q + away * (q - k), k + away * (k - q))

    def negatives(self, q: Tensor, cosines: Tensor) -> Tensor:
        if not self.negative_alpha:
            return cosines
        partner = torch.randperm(cosines.shape[1], device=q.device)
        kept = share(self.negative_alpha, q)
        # the cosine with a mixture of keys is the mixture of the cosines
        return kept * cosines + (1 - kept) * cosines[:, partner]


def share(alpha: float, like: Tensor) -> Tensor:
    """One draw () of Beta(alpha, alpha), on the device of `like`."""
    both = torch.full((), alpha, device=like.device)
    return torch.distributions.Beta(both, both, validate_args=False).sample()
