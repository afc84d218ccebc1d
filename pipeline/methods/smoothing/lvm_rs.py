"""LVM-RS: what is averaged under noise is no vote but a point of the simplex, as sharp as widens the radius most."""

import copy
import itertools
import math
from collections.abc import Iterator
from dataclasses import replace

import torch
import torch.nn.functional as F

from pipeline.contract import Context, Inputs, Tensor, setting
from pipeline.methods.certified import Certificates, Sampling
from pipeline.methods.smoothing import Smoothed, answered
from pipeline.ops.binomial import lower_bound, upper_bound
from pipeline.ops.simplex import bernstein, sparsemax

Bounds = tuple[Tensor, Tensor, Tensor]
"""Of each class's mean (B, K): lower and upper bounds, and the standard deviation of what is averaged."""


class LVMRS(Smoothed):
    """g(x) = argmax_k E s_k(t z(x + e)), s softmax or sparsemax; R = (sigma / 2) (Phi^-1(p) - Phi^-1(q)).

    p is a lower bound of the mean of the class c, q the greatest upper bound of another's, by empirical Bernstein with
    the error shared out to the K classes; p's complement where that is less, since means sum to 1. Votes, the limit
    t -> infinity, are among the maps, with bounds by Clopper and Pearson. Flat maps scatter less, and their
    means lie closer together. The network and sigma are those of the run that it builds on; nothing is trained.

    For each image, `selection` draws choose c and the map by what its radius would be with all samples; those then
    certify. `choice` = "same" is what the authors' code does: it takes the best radius of all maps on one set of
    samples, as if none had been tried beside it, which may fail more often than the error says. Either way a radius is
    of the smoothed network with the image's own map; an image nearby may choose another, so that `broken` is open.
    The code tries 102 temperatures from 0.1 to 50 for either s; here there are fewer, evenly in logarithms. Its second
    radius, sigma sqrt(pi / 2) (p - q), never exceeds R. `maps` = "votes", an ablation of ours, has the bounds alone.
    """

    paper = "lvm_rs"
    trains = False
    builds_on = True
    requires = ("base_kind == 'certifier'",)
    choice: str = setting("separate", choices=("separate", "same"))
    maps: str = setting("all", choices=("all", "votes"))
    temperatures: int = setting(8, low=2)

    def build(self, context: Context) -> None:
        super().build(context)
        assert isinstance(context.base, Smoothed)
        self.encoder, self.sigma = copy.deepcopy(context.base.encoder), context.base.sigma
        self.head = copy.deepcopy(context.base.head)

    @torch.no_grad()
    def certify(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Certificates:
        chosen = torch.zeros(len(views), dtype=torch.long, device=views.device)
        if self.choice == "separate":
            trial = self.drawn_logits(views, sampling.selection, draws)
            chosen, classes = self.best([self.bounds(s, trial, sampling) for s in self.known()])
        logits, known = self.drawn_logits(views, sampling.samples, draws), list(self.known())
        if self.choice == "same":
            found = [self.bounds(s, logits, sampling) for s in known]
            chosen, classes = self.best(found)
        radii, spread = torch.zeros(2, len(views), dtype=torch.float64, device=views.device)
        for number in chosen.unique().tolist():
            own = (chosen == number).nonzero().squeeze(1)
            low, high, std = self.bounds(known[number], logits[:, own], sampling)
            radii[own] = self.radius(low, high, classes[own])
            spread[own] = std.gather(1, classes[own, None]).squeeze(1)
        return answered(classes, radii, spread)

    def drawn_logits(self, views: Tensor, count: int, draws: torch.Generator) -> Tensor:
        """(n, B, K)"""
        return torch.cat([logits[:, :, 0] for logits in self.under_noise(views, count, draws)])

    def known(self) -> Iterator[tuple[str, float]]:
        """The maps: votes, and two by their temperatures."""
        yield "votes", math.inf
        if self.maps == "all":
            steps = torch.linspace(math.log(0.1), math.log(50.0), self.temperatures, dtype=torch.float64).exp()
            yield from itertools.product(("softmax", "sparsemax"), steps.tolist())

    def bounds(self, by: tuple[str, float], logits: Tensor, sampling: Sampling) -> Bounds:
        """Of logits (n, B, K), as far as `samples` draws with this mean and this deviation would bound them."""
        name, t = by
        count, classes = sampling.samples, logits.shape[-1]
        error = sampling.error / classes
        if name == "votes":
            mean = F.one_hot(logits.argmax(-1), classes).double().mean(0)
            hits = (mean * count).round()
            spread = (mean * (1 - mean)).sqrt()
            return lower_bound(hits, count, error), upper_bound(hits, count, error), spread
        values = (t * logits).softmax(-1) if name == "softmax" else sparsemax(t * logits)
        mean, spread = values.mean(0).double(), values.std(0).double()
        shift = bernstein(spread, count, error)
        return (mean - shift).clamp(0, 1), (mean + shift).clamp(0, 1), spread

    def best(self, found: list[Bounds]) -> tuple[Tensor, Tensor]:
        """(B,) numbers of the maps with the greatest radius, and their classes."""
        classes = torch.stack([low.argmax(1) for low, _, _ in found])
        radii = torch.stack([self.radius(low, high, c) for (low, high, _), c in zip(found, classes, strict=True)])
        chosen = radii.argmax(0)
        return chosen, classes.gather(0, chosen[None]).squeeze(0)

    def radius(self, low: Tensor, high: Tensor, classes: Tensor) -> Tensor:
        """(B,) of bounds (B, K) and the classes (B,) that are certified; -infinity where p is 0."""
        least = low.gather(1, classes[:, None]).squeeze(1)
        most = high.scatter(1, classes[:, None], 0.0).amax(1).minimum(1 - least)
        return self.sigma / 2 * (torch.special.ndtri(least) - torch.special.ndtri(most)).nan_to_num(-math.inf)

    def answers(self, views: Tensor, inputs: Inputs, sampling: Sampling, draws: torch.Generator) -> Tensor:
        return self.certify(views, inputs, replace(sampling, samples=sampling.votes), draws).answers
