"""Classifiers that answer what a network says most often when noise is added to the input."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Inputs, Tensor
from pipeline.methods.certified import ABSTAINED, Certificates, CertifiedClassifier, Sampling
from pipeline.ops.balls import drawn
from pipeline.ops.binomial import lower_bound, surely_more

AT_ONCE = 4000
"""Noisy images that pass the network together."""
ATTACKERS = 8
"""Draws of the noise that an attack averages in each of its steps."""


class Smoothed(CertifiedClassifier):
    """g(x) = argmax_k sum_i P(f_i(x + e) = k), e ~ N(0, sigma^2 I) in raw units, not cut to the range of the pixels.

    f_i are one network or several, the parts, each of which sees pixels of its own. Certificates are CERTIFY of Cohen
    et al. (2019): `selection` draws choose a class c; `samples` others give a lower bound p_i of each part's
    probability of c, by Clopper and Pearson with an equal part of the error; R_i = sigma Phi^-1(p_i). The radius is
    (R_1 + ... + R_P) / sqrt(P), and there is no answer where it is not above 0. For one part it is theirs. For two,
    a shift of length d moves them by d_1 and d_2, after which c still has Phi((R_i - d_i) / sigma) of part i: together
    more than 1, half of all there is, while d_1 + d_2 < R_1 + R_2; and d_1 + d_2 <= sqrt(2) d. Real numbers are
    assumed, as in the papers: rounding of float32 is left out of account.

    Answers alone are PREDICT of that paper. An attack raises logarithms of the softmax averaged over some draws, added
    up over the parts: they do not go flat where the network is sure. Members override `part_logits` and `loss`.
    """

    inputs: Inputs
    sigma: float

    def build(self, context: Context) -> None:
        super().build(context)
        self.inputs = context.inputs

    def part_logits(self, views: Tensor) -> Tensor:
        """(B, P, K) of noisy views (B, C, H, W)."""
        return self.logits(self.encoder(views))[:, None]

    def loss(self, batch: Batch) -> Tensor:
        """Cross-entropy on noisy images, added up over the parts."""
        return self.fit_to(self.noisy(batch.views[0]), batch.labels)

    def fit_to(self, views: Tensor, labels: Tensor) -> Tensor:
        losses = [F.cross_entropy(logits, labels) for logits in self.part_logits(views).unbind(1)]
        return torch.stack(losses).sum()

    def noisy(self, views: Tensor, draws: torch.Generator | None = None) -> Tensor:
        return views + self.sigma * self.inputs.scale.to(views) * drawn(torch.randn, views, draws)

    def under_noise(self, views: Tensor, count: int, draws: torch.Generator) -> Iterator[Tensor]:
        """Logits (n, B, P, K) under n draws for each view, some at a time, `count` in all."""
        at_once = max(1, AT_ONCE // len(views))
        for done in range(0, count, at_once):
            number = min(at_once, count - done)
            noisy = self.noisy(views.expand(number, *views.shape).flatten(0, 1), draws)
            yield self.part_logits(noisy).unflatten(0, (number, len(views)))

    @torch.no_grad()
    def votes(self, views: Tensor, count: int, draws: torch.Generator) -> Tensor:
        """(B, P, K) float32: how many of `count` draws are for which class."""
        cast = [F.one_hot(z.argmax(-1), z.shape[-1]).sum(0) for z in self.under_noise(views, count, draws)]
        return torch.stack(cast).sum(0).float()

    def certify(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Certificates:
        chosen = self.votes(views, sampling.selection, draws).sum(1).argmax(1)
        votes = self.votes(views, sampling.samples, draws)
        hits = votes.gather(2, chosen[:, None, None].expand(-1, votes.shape[1], 1)).squeeze(2)
        shares = hits.double() / sampling.samples
        spread = (shares * (1 - shares)).sum(1).sqrt() / hits.shape[1]
        return answered(chosen, self.radii(hits, sampling), spread)

    def radii(self, hits: Tensor, sampling: Sampling) -> Tensor:
        """(B,) of hits (B, P) among the samples; 0 and below for none."""
        parts = hits.shape[1]
        own = self.sigma * torch.special.ndtri(lower_bound(hits, sampling.samples, sampling.error / parts))
        return own.sum(1) / parts**0.5

    def scores(self, views: Tensor, inputs: Inputs, draws: torch.Generator) -> Tensor:
        logits = torch.cat(list(self.under_noise(views, ATTACKERS, draws)))
        return logits.log_softmax(-1).logsumexp(0).sum(1)

    def answers(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Tensor:
        counts, classes = self.votes(views, sampling.votes, draws).sum(1).topk(2)
        sure = surely_more(counts[:, 0], counts[:, 1], sampling.error)
        return torch.where(sure, classes[:, 0], ABSTAINED)


def answered(classes: Tensor, radii: Tensor, spread: Tensor) -> Certificates:
    """Certificates of the classes with a radius above 0; no answer elsewhere."""
    sure = radii > 0
    return Certificates(torch.where(sure, classes, ABSTAINED), torch.where(sure, radii, 0.0), spread)
