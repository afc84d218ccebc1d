"""A smoothed vote and an accurate network's probabilities mixed: where the vote is sure nothing turns the answer."""

import copy
from dataclasses import replace
from typing import ClassVar

import torch

from pipeline.contract import Bundle, Context, Inputs, Tensor, setting
from pipeline.methods.certified import ABSTAINED, Certificates, CertifiedClassifier, Sampling
from pipeline.methods.smoothing import Smoothed
from pipeline.ops.binomial import lower_bound, upper_bound
from pipeline.ops.mixture import log_mixed, smoothed_radius


class MixedSmoothing(Smoothed):
    """f(x) = (1 - a) softmax(g(x)) + a h(x), h(x) the shares of votes of base "robust" under noise for each class.

    g, base "accurate", sees the image as it is. Whatever g says, the answer holds within `ops.mixture.smoothed_radius`
    of a lower bound of h's share of the answer and an upper bound of the next one's, which is positive where a > 1/2
    and h is sure enough. Bounds are by Clopper and Pearson, the error shared out to the two of each class, so that all
    hold at once, whichever class is the answer. An answer stands without a radius where g and h together surely give
    it. In the paper h is a smoothed or a Lipschitz classifier; a = 0.8, as in `mixed_classifier`, leaves no radius
    above sigma Phi^-1(0.8) = 0.84 sigma. Both networks and sigma are the bases', and nothing is trained.
    """

    paper = "mixed_classifier"
    trains = False
    builds_on = True
    bases: ClassVar[tuple[str, ...]] = ("accurate", "robust")
    requires = ("base_kind == 'certifier'", "base_num_classes == num_classes", "base_shape == shape")
    training_only = ("accurate",)  # its own run keeps its weights
    alpha: float = setting(0.8, low=0.0, high=1.0)

    def build(self, context: Context) -> None:
        super().build(context)
        assert isinstance(context.base, Bundle)
        accurate, robust = (context.base[name] for name in self.bases)
        assert isinstance(accurate, CertifiedClassifier) and isinstance(robust, Smoothed)
        self.accurate, self.sigma = accurate, robust.sigma
        self.encoder, self.head = copy.deepcopy(robust.encoder), copy.deepcopy(robust.head)

    def accurate_logits(self, views: Tensor) -> Tensor:
        return self.accurate.logits(self.accurate.encoder(views))

    @torch.no_grad()
    def certify(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Certificates:
        hits, count = self.votes(views, sampling.samples, draws)[:, 0], sampling.samples
        error = sampling.error / (2 * hits.shape[1])
        low, high = lower_bound(hits, count, error), upper_bound(hits, count, error)
        own = (1 - self.alpha) * self.accurate_logits(views).double().softmax(1)
        answer = (own + self.alpha * hits.double() / count).argmax(1, keepdim=True)
        least = low.gather(1, answer).squeeze(1)
        others = high.minimum(1 - least[:, None]).scatter(1, answer, 0.0)
        ahead = own.gather(1, answer).squeeze(1) + self.alpha * least
        behind = (own + self.alpha * others).scatter(1, answer, 0.0).amax(1)
        radii = smoothed_radius(least, others.amax(1), self.sigma, self.alpha)
        return Certificates(torch.where(ahead > behind, answer.squeeze(1), ABSTAINED), radii)

    def scores(self, views: Tensor, inputs: Inputs, draws: torch.Generator) -> Tensor:
        return log_mixed(self.accurate_logits(views), super().scores(views, inputs, draws), self.alpha)

    def answers(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Tensor:
        return self.certify(views, inputs, replace(sampling, samples=sampling.votes), draws).answers
