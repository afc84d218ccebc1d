"""Attacks: inputs moved within a ball so that a loss grows. Training and evaluation share them; they keep no state."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pipeline.contract import Inputs
from pipeline.ops.balls import Ball, Linf, drawn

Start = Callable[[Ball, Tensor, torch.Generator | None], Tensor]
"""The first shift, in raw units, for a batch of inputs (B, ...)."""


def uniform(ball: Ball, like: Tensor, generator: torch.Generator | None) -> Tensor:
    """Anywhere in the ball."""
    return ball.uniform(like, generator)


def still(ball: Ball, like: Tensor, generator: torch.Generator | None) -> Tensor:
    """At the input itself."""
    return torch.zeros_like(like)


@dataclass(frozen=True)
class Nearby:
    """A Gaussian step away: for losses that are least, hence flat, at the input itself."""

    std: float = 0.001

    def __call__(self, ball: Ball, like: Tensor, generator: torch.Generator | None) -> Tensor:
        return self.std * drawn(torch.randn, like, generator)


@dataclass(frozen=True)
class PGD:
    """Projected gradient ascent, section 2.1 of Madry et al. (2018): x <- P(x + a u), u the steepest direction.

    u = sign(grad_x L) and P a clamp where the ball is l_inf. Radius and step size a are in raw units, where a pixel's
    whole range is 1; what is given and returned are views. P cuts with the ball, then with the range of the raw
    values. The last point is the result, as in the authors' code, whether or not the loss was greater before.
    """

    ball: Ball
    steps: int
    step_size: float
    start: Start = uniform

    def __call__(
        self,
        loss: Callable[[Tensor], Tensor],
        views: Tensor,
        inputs: Inputs,
        generator: torch.Generator | None = None,
    ) -> Tensor:
        """Views (B, ...) without gradient.

        loss: of views (B, ...), a value of each (B,) or their sum, where none depends on another's view; in
        evaluation mode, that is (see `evaluating`). Gradients of parameters are neither computed nor changed.
        """
        views = views.detach()
        scale = inputs.scale.to(views)
        # an input that lies outside the range already, if only by rounding, may stay where it is
        low = None if inputs.low is None else ((inputs.low.to(views) - views) / scale).clamp_max(0)
        high = None if inputs.high is None else ((inputs.high.to(views) - views) / scale).clamp_min(0)

        def allowed(shift: Tensor) -> Tensor:
            shift = self.ball.project(shift)
            return shift if low is None or high is None else shift.clamp(low, high)

        shift = allowed(self.start(self.ball, views, generator))
        for _ in range(self.steps):
            with torch.enable_grad():
                shift.requires_grad_()
                (gradient,) = torch.autograd.grad(loss(views + shift * scale).sum(), shift)
            shift = allowed(shift.detach() + self.step_size * self.ball.steepest(gradient))
        return views + shift * scale


def fgsm(radius: float) -> PGD:
    """The fast gradient sign method (Goodfellow et al. 2015): one step from the input to the ball's corner."""
    return PGD(Linf(radius), steps=1, step_size=radius, start=still)


@contextlib.contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """With the module in evaluation mode: batch normalisation uses its running statistics and leaves them alone."""
    mode = module.training
    module.eval()
    try:
        yield
    finally:
        module.train(mode)
