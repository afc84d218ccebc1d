"""An ensemble of attacks that need no tuning: an image is right only if it withstands all of them."""

from pipeline.contract import setting
from pipeline.methods.attack.apgd_t import APGDT
from pipeline.ops.attacks import Attack
from pipeline.ops.balls import L2, Ball
from pipeline.ops.strongest import strongest


class AAMini(APGDT):
    """AutoAttack (section 5) made small: `apgd_ce`, `apgd_t` and `square`, each on what withstood those before.

    It is what `robust_aa` of the study of defences is by. AutoAttack has 100 steps, nine classes and 5,000 queries, and
    a fourth attack, FAB, which is left out.
    """

    paper = "auto_attack"
    queries: int = setting(5000, low=0)

    def attack(self, ball: Ball) -> Attack:
        norm = "l2" if isinstance(ball, L2) else "linf"
        assert isinstance(ball.radius, float)
        return strongest(norm, ball.radius, self.steps, self.targets, self.queries)
