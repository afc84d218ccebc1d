"""Projected gradient ascent of the cross-entropy, in small steps from a random start."""

from pipeline.contract import setting
from pipeline.methods.attack import PostHocAttack
from pipeline.ops.attacks import PGD, Ascent, Attack
from pipeline.ops.balls import Ball


class PGDAttack(PostHocAttack):
    """Section 2.1 of Madry et al. (2018): x <- P(x + a sign(grad_x L)), from a uniform start; the last point counts."""

    paper = "pgd_at"
    steps: int = setting(20, low=1)
    step_size: float = setting(0.125, unit="radius", low=0.0)

    def attack(self, ball: Ball) -> Attack:
        return Ascent(PGD(ball, self.steps, self.step_size * ball.radius))
