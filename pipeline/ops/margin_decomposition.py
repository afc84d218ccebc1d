"""Margin decomposition (Ma et al. 2023): each term of a margin alone, from where the other's gradient hides nothing."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Classify, Generator, Reach, right
from pipeline.ops.balls import Ball

Scores = Callable[[Tensor], Tensor]
"""What margins are of, (B, K), of logits (B, K)."""


def as_they_are(logits: Tensor) -> Tensor:
    return logits


def probabilities(logits: Tensor) -> Tensor:
    return logits.softmax(1)


def precise_probabilities(logits: Tensor) -> Tensor:
    """In float64, of which the gradient of each image's logits is scaled to 1 before it goes back to float32.

    That changes no image's steepest direction: it only keeps what is as small as exp(-700) from becoming 0.
    """
    doubled = logits.double()
    if doubled.requires_grad:
        doubled.register_hook(lambda slope: slope / slope.abs().amax(1, keepdim=True).clamp_min(1e-307))
    return doubled.softmax(1)


@dataclass(frozen=True)
class MarginDecomposition:
    """Two ascents, each from its own uniform start: of -s_y, or of s_t, for T' steps, then of s_t - s_y up to step T.

    s are scores, and s_t the greatest but s_y, or that of `target`. The very first step ascends s_y, as in the authors'
    code. Steps of r (1 + cos(pi (i - 1) / (T - T'))), i <= T', and r (1 + cos(pi (i - 1 - T') / (T - T'))) after that:
    either stage begins with 2 r. T' = 0 is ascent of the margin with cosine steps. The last misclassified point of the
    ascents is the result; the second one is for what withstood the first (in their code for all).
    """

    ball: Ball
    steps: int
    change: int
    scores: Scores = as_they_are
    target: Tensor | None = None

    def __call__(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor:
        moved, standing = views.detach(), torch.arange(len(views), device=views.device)
        for falling in (True, False):
            start = self.ball.uniform(views, generator)  # for all, so that none depends on which others stand
            if len(standing):
                part = (views[standing], labels[standing])
                target = None if self.target is None else self.target[standing]
                found, broken = self._ascend(classify, *part, inputs, start[standing], target, falling)
                moved = moved.index_copy(0, standing, found)
                standing = standing[~broken]
        return moved

    def size(self, step: int) -> float:
        """Of a step 0, 1, ..., in radii."""
        since = step if step <= self.change else step - self.change
        return 1 + math.cos(math.pi * (since - 1) / (self.steps - self.change))

    def _ascend(
        self,
        classify: Classify,
        views: Tensor,
        labels: Tensor,
        inputs: Inputs,
        start: Tensor,
        target: Tensor | None,
        falling: bool,
    ) -> tuple[Tensor, Tensor]:
        """The views found, and (B,) bool which of them are misclassified; in stage 1 s_y falls, or else s_t rises."""
        reach = Reach(self.ball, views, inputs)
        shift = found = reach.cut(start)
        broken = torch.zeros_like(labels, dtype=torch.bool)
        wrong = broken.clone()

        def loss(step: int, moved: Tensor) -> Tensor:
            logits = classify(moved)
            wrong.copy_(logits.detach().argmax(1) != labels)
            true, other = parts(self.scores(logits), labels, target)
            if step >= self.change:
                return other - true
            return true if step == 0 else -true if falling else other

        for step in range(self.steps):
            _, slope = reach.gradient(lambda moved, step=step: loss(step, moved), shift)  # type: ignore[misc]
            found, broken = torch.where(_each(wrong, shift), shift, found), broken | wrong
            shift = reach.cut(shift + self.ball.radius * self.size(step) * self.ball.steepest(slope))
        wrong = ~right(classify, reach.moved(shift), labels)
        found = torch.where(_each(wrong | ~broken, shift), shift, found)
        return reach.moved(found), broken | wrong


def parts(scores: Tensor, labels: Tensor, target: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Of scores (B, K) that of the label, and that of the target or else the greatest other one; both (B,)."""
    true = labels[:, None]
    if target is None:
        other = scores.scatter(1, true, float("-inf")).amax(1)
    else:
        other = scores.gather(1, target[:, None]).squeeze(1)
    return scores.gather(1, true).squeeze(1), other


def _each(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.ndim - 1))
