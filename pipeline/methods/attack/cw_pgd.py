"""Projected gradient ascent of the margin of logits, which a sure softmax does not flatten."""

from pipeline.methods.attack.pgd import PGDAttack
from pipeline.ops.attacks import PGD, Ascent, Attack
from pipeline.ops.balls import Ball
from pipeline.ops.class_scores import margins


class CWPGD(PGDAttack):
    """`pgd` of max_{k != y} z_k - z_y, the loss of Carlini and Wagner (2017), as in section 5 of Madry et al. (2018).

    They stop at a margin of 50, which is far beyond what is reached here, so that nothing is cut off. The last point
    counts, as in `pgd`.
    """

    paper = "pgd_at"

    def attack(self, ball: Ball) -> Attack:
        return Ascent(PGD(ball, self.steps, self.step_size * ball.radius), lambda z, labels: -margins(z, labels))
