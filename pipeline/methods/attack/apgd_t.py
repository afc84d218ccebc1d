"""Auto-PGD towards the most likely wrong classes in turn, on a difference of logits that has no scale."""

from typing import ClassVar

from pipeline.contract import setting
from pipeline.methods.attack import PostHocAttack
from pipeline.ops.apgd import Targeted
from pipeline.ops.attacks import Attack
from pipeline.ops.balls import Ball


class APGDT(PostHocAttack):
    """Equation 7, -(z_y - z_t) / (z_(1) - (z_(3) + z_(4)) / 2), for each t on the images that still stand.

    AutoAttack has 100 steps and nine classes, all the wrong ones of CIFAR-10.
    """

    paper = "auto_attack"
    requires: ClassVar[tuple[str, ...]] = ("base_num_classes >= 4",)
    steps: int = setting(100, low=1)
    targets: int = setting(9, low=1)

    def attack(self, ball: Ball) -> Attack:
        return Targeted(ball, self.steps, self.targets)
