"""A strong single attack first, a targeted one on the few images that it leaves."""

from typing import ClassVar

from pipeline.contract import setting
from pipeline.methods.attack.pma import PMA
from pipeline.ops.apgd import Targeted
from pipeline.ops.attacks import Attack, Cascade
from pipeline.ops.balls import Ball


class PMAPlus(PMA):
    """`pma`, then `apgd_t` of as many steps on what withstood it, towards the likeliest nine wrong classes.

    The authors' two repositories differ: one gives the second attack 100 steps (taiadv), the other two steps of 100
    averaged gradients, which of a network without chance are all the same. The former is taken.
    """

    paper = "pma"
    requires: ClassVar[tuple[str, ...]] = ("base_num_classes >= 4",)
    targets: int = setting(9, low=1)

    def attack(self, ball: Ball) -> Attack:
        return Cascade([super().attack(ball), Targeted(ball, self.steps, self.targets)])
