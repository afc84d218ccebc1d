"""How many perturbations break a classifier: how far random constraints must be loosened until one does."""

from typing import ClassVar

from pipeline.contract import Inputs, Method, Tensor, setting, torch
from pipeline.ops.attacks import PGD, Ascent, Classify, Reach, right
from pipeline.ops.balls import Ball
from pipeline.ops.class_scores import margins


class Sparsity(Method):
    """Adversarial sparsity (Olivier and Raj 2023): E_u of the least width at which a constraint around u holds a
    perturbation that breaks the classifier. Members override `ball`, `draw`, `widths` and `kept`.

    For each direction the width is bisected, and each width tried by projected gradient ascent from r u. Ours are:
    the ascent is on the margin of logits, max_{k != y} z_k - z_y, whose gradient does not vanish where a softmax
    saturates; a width is wide enough where any step breaks the classifier, where the authors' code looks at the last
    alone; what counts is the least width that was found wide enough. Bisection takes success for monotone, which that
    of an ascent is not quite. Images that are wrong as they are, or that the ascent does not break in the whole ball,
    have no sparsity. The authors take 64 directions, 10 bisections and 20 steps of 0.28 r.
    """

    kind = "sparsity_measure"
    trains = False
    builds_on = True
    requires: ClassVar[tuple[str, ...]] = ("base_kind == 'classifier'",)

    directions: int = setting(64, low=1)
    """For each image."""
    bisections: int = setting(10, low=1)
    steps: int = setting(20, low=1)
    step_size: float = setting(0.28, unit="radius", low=0.0)

    radius: float

    def ball(self) -> Ball:
        raise NotImplementedError

    def draw(self, like: Tensor, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
        """Directions (B, ...), which times the radius are on the ball's edge, and what else a constraint needs."""
        raise NotImplementedError

    def widths(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """(B,) below the least of (B, ...), and the greatest."""
        raise NotImplementedError

    def halfway(self, low: Tensor, high: Tensor) -> Tensor:
        """(B,)"""
        return (low + high) / 2

    def kept(self, shift: Tensor, direction: Tensor, more: Tensor, width: Tensor) -> Tensor:
        """Shifts (B, ...), in raw units, brought to where the constraint of this width (B,) has them."""
        raise NotImplementedError

    def breakable(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: torch.Generator
    ) -> Tensor:
        """(B,) bool: right as they are, and broken by the same ascent in the whole ball."""
        attack = Ascent(PGD(self.ball(), self.steps, self.step_size * self.radius), wrongness)
        moved = attack(classify, views, labels, inputs, generator)
        with torch.no_grad():
            return right(classify, views, labels) & ~right(classify, moved, labels)

    def sparsity(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: torch.Generator
    ) -> Tensor:
        """(B,) mean least widths over the directions, all of which are tried together."""
        views, labels = (each.repeat_interleave(self.directions, 0) for each in (views, labels))
        direction, more = self.draw(views, generator)
        low, high = self.widths(views)
        for _ in range(self.bisections):
            width = self.halfway(low, high)
            broken = self.breaks(classify, Reach(self.ball(), views, inputs), labels, direction, more, width)
            low, high = torch.where(broken, low, width), torch.where(broken, width, high)
        return high.view(-1, self.directions).mean(1)

    def breaks(
        self, classify: Classify, reach: Reach, labels: Tensor, direction: Tensor, more: Tensor, width: Tensor
    ) -> Tensor:
        """(B,) bool: whether the ascent within constraints of these widths breaks the classifier."""
        shift, broken = self.radius * direction, torch.zeros_like(labels, dtype=torch.bool)
        for _ in range(self.steps + 1):
            # the classifier sees pixels in range alone
            seen = shift if reach.low is None or reach.high is None else shift.clamp(reach.low, reach.high)
            value, slope = reach.gradient(lambda moved: wrongness(classify(moved), labels), seen)
            broken |= value > 0
            shift = seen + self.step_size * self.radius * reach.ball.steepest(slope)
            shift = self.kept(shift, direction, more, width)
        return broken


def wrongness(logits: Tensor, labels: Tensor) -> Tensor:
    return -margins(logits, labels)
