"""Fast adversarial training: one large step from a random start stands in for many small ones."""

from dataclasses import replace

from pipeline.contract import setting
from pipeline.methods.adversarial.pgd_at import PGDAT
from pipeline.ops.attacks import PGD, still


class FastAT(PGDAT):
    """Algorithm 3: `pgd_at` with a single step of a = 1.25 r from a uniform start, cut to the ball.

    Without early stopping, which in the authors' code is for where robustness to more steps breaks down. That code
    makes the attack in training mode, so that running statistics see it too; here evaluation mode leaves them alone.
    """

    paper = "fast_at"
    steps = 1
    step_size = 1.25
    random_start: bool = setting(True)
    """False is training on the fast gradient sign method of Goodfellow et al. (2015), which overfits to itself."""

    def attack(self) -> PGD:
        return super().attack() if self.random_start else replace(super().attack(), start=still)
