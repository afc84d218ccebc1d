"""Auto-PGD on cross-entropy: step sizes that halve, image by image, where the loss no longer rises."""

from pipeline.contract import setting
from pipeline.methods.attack import PostHocAttack
from pipeline.ops.apgd import APGD
from pipeline.ops.attacks import Attack, cross_entropy
from pipeline.ops.balls import Ball


class APGDCE(PostHocAttack):
    """Algorithm 1 of Croce and Hein (2020) on cross-entropy, from one start; AutoAttack has 100 steps.

    What `ops.apgd` says differs from the authors' code: the start and the checkpoints of short runs.
    """

    paper = "auto_attack"
    steps: int = setting(100, low=1)
    score = staticmethod(cross_entropy)

    def attack(self, ball: Ball) -> Attack:
        return APGD(ball, self.steps, self.score)
