"""MixMatch: labels are guessed from two views and sharpened; then all inputs, labelled or not, are mixed in pairs."""

import torch.nn.functional as F
from torch.distributions import Beta

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.mixing import partners
from pipeline.methods.semi_supervised import SemiSupervised, risen
from pipeline.ops.batch_statistics import unmoved


class MixMatch(SemiSupervised):
    """L = mean H(p', p(x')) over X' + w(t) / (K |U'|) sum |q' - p(u')|^2 over U': equations 2 to 5.

    q is the mean of the predictions of an input's two views, each probability to the power 1/T, scaled to sum 1. Each
    labelled input and each view is mixed with one of all of them, and so are their labels; l ~ Beta(alpha, alpha) of
    every pair, as in the authors' code (the benchmark USB draws one for the batch), and the first has the greater share
    max(l, 1 - l). X' are the mixed labelled inputs, U' the others.

    alpha, the weight, and its ramp, which ends after 16 of 1,024 thousand steps, are the authors' for CIFAR-10. In
    their code each of three parts of a step has batch statistics of its own, after entries were exchanged so that all
    parts are alike, and running ones are those of the first. Here views to guess from pass as one batch, which moves no
    running statistics, and mixtures as another: two passes, where the rest of the family has one.
    """

    paper = "mixmatch"
    streams = {"unlabelled": ("full", "full")}
    unlabelled_weight: float = setting(75.0, low=0.0)
    ramp_end: float = setting(0.0156, unit="share of training", low=0.0, high=1.0)
    alpha: float = setting(0.75, low=0.0)
    temperature: float = setting(0.5, low=1e-3)

    def ramp(self) -> float:
        return risen(self.progress, self.ramp_end)

    def loss(self, batch: Batch) -> Tensor:
        views, count = batch["unlabelled"].views, len(batch.labels)
        with torch.no_grad(), unmoved(self.encoder):
            guesses = self.guess(*self.logits(self.encoder(torch.cat(views))).chunk(len(views)))
        given = F.one_hot(batch.labels, guesses.shape[1]).to(guesses)
        images, targets = self.mixed(torch.cat([batch.views[0], *views]), torch.cat([given, *[guesses] * len(views)]))
        logits = self.logits(self.encoder(images))
        missed = (logits[count:].softmax(1) - targets[count:]).square().mean()
        return self.objective(logits[:count], targets[:count]) + self.unlabelled_weight * self.ramp() * missed

    def guess(self, *logits: Tensor) -> Tensor:
        """(M, K) q of the logits (M, K) of each view."""
        mean = torch.stack([part.softmax(1) for part in logits]).mean(0)
        return (mean.log() / self.temperature).softmax(1)

    def mixed(self, images: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        if self.alpha == 0:
            return images, targets
        other = Beta(self.alpha, self.alpha).sample((len(images),)).to(images)
        other, order = torch.minimum(other, 1 - other), partners(images)
        of_images = other.view(-1, *[1] * (images.dim() - 1))
        return images.lerp(images[order], of_images), targets.lerp(targets[order], other[:, None].to(targets))
