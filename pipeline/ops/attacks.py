"""Attacks: inputs moved within a ball so that a loss grows. Training and evaluation share them; they keep no state.

Lengths are in raw units, where a pixel's whole range is 1; what is given and returned are views.
"""

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.contract import Inputs
from pipeline.ops.balls import Ball, drawn

Generator = torch.Generator | None
Start = Callable[[Ball, Tensor, Generator], Tensor]
"""The first shift, in raw units, for a batch of inputs (B, ...)."""
Classify = Callable[[Tensor], Tensor]
"""Logits (B, K) of views (B, ...), none of which depends on another's view: in evaluation mode, that is."""
Score = Callable[[Tensor, Tensor], Tensor]
"""What an attack raises, (B,), of logits (B, K) and the true labels (B,)."""


class Attack(Protocol):
    """Moves the views (B, ...) of inputs whose labels (B,) are known so that a classifier errs.

    Returns views without gradient. Gradients of parameters are neither computed nor changed.
    """

    def __call__(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor: ...


def cross_entropy(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits, labels, reduction="none")


def uniform(ball: Ball, like: Tensor, generator: Generator) -> Tensor:
    """Anywhere in the ball."""
    return ball.uniform(like, generator)


def still(ball: Ball, like: Tensor, generator: Generator) -> Tensor:
    """At the input itself."""
    return torch.zeros_like(like)


@dataclass(frozen=True)
class Nearby:
    """A Gaussian step away: for losses that are least, hence flat, at the input itself."""

    std: float = 0.001

    def __call__(self, ball: Ball, like: Tensor, generator: Generator) -> Tensor:
        return self.std * drawn(torch.randn, like, generator)


class Reach:
    """Where an attack may move a batch of views (B, ...): within a ball, then within the range of the raw values.

    An input that lies outside the range already, if only by rounding, may stay where it is.
    """

    def __init__(self, ball: Ball, views: Tensor, inputs: Inputs) -> None:
        self.ball, self.views, self.scale = ball, views.detach(), inputs.scale.to(views)
        low, high = inputs.low, inputs.high
        self.low = None if low is None else ((low.to(views) - self.views) / self.scale).clamp_max(0)
        self.high = None if high is None else ((high.to(views) - self.views) / self.scale).clamp_min(0)

    def cut(self, shift: Tensor) -> Tensor:
        """The shift (B, ...), in raw units, brought to where it may be."""
        shift = self.ball.project(shift)
        return shift if self.low is None or self.high is None else shift.clamp(self.low, self.high)

    def moved(self, shift: Tensor) -> Tensor:
        """The views of shifted inputs."""
        return self.views + shift * self.scale

    def gradient(self, loss: Callable[[Tensor], Tensor], shift: Tensor) -> tuple[Tensor, Tensor]:
        """What the loss is at a shift, and its gradient there, neither with a graph.

        loss: of views (B, ...), a value of each (B,) or their sum.
        """
        with torch.enable_grad():
            at = shift.detach().requires_grad_()
            value = loss(self.moved(at))
            (slope,) = torch.autograd.grad(value.sum(), at)
        return value.detach(), slope


@dataclass(frozen=True)
class PGD:
    """Projected gradient ascent, section 2.1 of Madry et al. (2018): x <- P(x + a u), u the steepest direction.

    u = sign(grad_x L) and P a clamp where the ball is l_inf. Radius and step size a are in raw units. P cuts with the
    ball, then with the range of the raw values. The last point is the result, as in the authors' code, whether or not
    the loss was greater before. It ascends any loss of the views, which `Ascent` makes of a score of the logits.
    """

    ball: Ball
    steps: int
    step_size: float | Tensor
    start: Start = uniform

    def __call__(
        self, loss: Callable[[Tensor], Tensor], views: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor:
        """Views (B, ...) without gradient.

        loss: of views (B, ...), a value of each (B,) or their sum, where none depends on another's view; in
        evaluation mode, that is (see `evaluating`).
        """
        reach = Reach(self.ball, views, inputs)
        shift = reach.cut(self.start(self.ball, reach.views, generator))
        for _ in range(self.steps):
            _, slope = reach.gradient(loss, shift)
            shift = reach.cut(shift + self.step_size * self.ball.steepest(slope))
        return reach.moved(shift)


def fgsm(ball: Ball) -> PGD:
    """The fast gradient sign method (Goodfellow et al. 2015): one step from the input to the corner of an l_inf ball.

    In an l_2 ball it is one step of the gradient's direction to the ball's edge.
    """
    return PGD(ball, steps=1, step_size=ball.radius, start=still)


@dataclass(frozen=True)
class Ascent:
    """Gradient ascent on a score of a classifier's logits, by default the cross-entropy of the true labels."""

    by: PGD
    score: Score = cross_entropy

    def __call__(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor:
        return self.by(lambda moved: self.score(classify(moved), labels), views, inputs, generator)


@dataclass(frozen=True)
class Cascade:
    """Attacks in turn, each on the inputs that have withstood those before it (Croce and Hein 2020, section 5)."""

    attacks: Sequence[Attack]

    def __call__(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor:
        """What moved an input across the boundary stays; one that is never wrong ends as the last attack has it."""
        moved = views.detach()
        for attack in self.attacks:
            standing = right(classify, moved, labels).nonzero().squeeze(1)
            if len(standing):
                found = attack(classify, views[standing], labels[standing], inputs, generator)
                moved = moved.index_copy(0, standing, found)
        return moved


@torch.no_grad()
def right(classify: Classify, views: Tensor, labels: Tensor) -> Tensor:
    """(B,) bool: of which views the label is predicted."""
    return classify(views).argmax(1) == labels


@contextlib.contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """With the module in evaluation mode: batch normalisation uses its running statistics and leaves them alone."""
    mode = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(mode)
