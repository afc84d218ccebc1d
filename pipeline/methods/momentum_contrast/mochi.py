"""MoCo with further negatives synthesised for each query from its hardest ones."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.momentum_contrast import MomentumContrast


class MoCHi(MomentumContrast):
    """Section 4: with Q~N the `hardest` keys of the queue for a query q, InfoNCE also has as negatives

    h_k = h~_k / |h~_k|, h~_k = alpha_k n_i + (1 - alpha_k) n_j, alpha_k in (0, 1), `mixed` of them, and
    h'_k = h~'_k / |h~'_k|, h~'_k = beta_k q + (1 - beta_k) n_j, beta_k in (0, 0.5), `mixed_with_query` of them,

    n_i and n_j drawn from Q~N with replacement, alpha and beta uniform. Negatives are constants, so q inside h'
    has no gradient. None are made in the warm-up, here a share of training: the paper's are the first epochs.
    Defaults are for a queue of 65536 keys; with a shorter queue a study scales the three counts with it.
    """

    paper = "mochi"
    hardest: int = setting(1024, unit="keys", low=1)
    mixed: int = setting(1024, unit="negatives", low=0)
    mixed_with_query: int = setting(128, unit="negatives", low=0)
    warmup: float = setting(0.075, unit="share of training", low=0.0, high=1.0)

    def negatives(self, q: Tensor, cosines: Tensor) -> Tensor:
        if self.progress < self.warmup:
            return cosines
        hardest = cosines.detach().topk(min(self.hardest, cosines.shape[1]), sorted=False).indices
        i, j = (self.draw(hardest, self.mixed) for _ in range(2))
        alpha = torch.rand(i.shape, device=q.device)
        keys = self.queue.items
        h = mixture(alpha, cosines.gather(1, i), cosines.gather(1, j), (keys[i] * keys[j]).sum(2))

        j = self.draw(hardest, self.mixed_with_query)
        beta = 0.5 * torch.rand(j.shape, device=q.device)
        with_query = cosines.gather(1, j)
        itself = (q * q.detach()).sum(1, keepdim=True)
        h_query = mixture(beta, itself, with_query, with_query.detach())
        return torch.cat([cosines, h, h_query], 1)

    @staticmethod
    def draw(hardest: Tensor, count: int) -> Tensor:
        """(B, count) of each row's entries (B, N), with replacement."""
        return hardest.gather(1, torch.randint(hardest.shape[1], (len(hardest), count), device=hardest.device))


def mixture(share: Tensor, first: Tensor, second: Tensor, between: Tensor) -> Tensor:
    """Cosine of q with share * a + (1 - share) * b scaled to unit length, from q.a, q.b and a.b of unit vectors."""
    rest = 1 - share
    length = (share**2 + rest**2 + 2 * share * rest * between).clamp_min(1e-12).sqrt()
    return (share * first + rest * second) / length
