"""One step of the radius along the sign of the gradient: what a linear model of the loss says is worst."""

from pipeline.methods.attack import PostHocAttack
from pipeline.ops.attacks import Ascent, Attack, fgsm
from pipeline.ops.balls import Ball


class FGSM(PostHocAttack):
    """The fast gradient sign method, x + r sign(grad_x L(x, y)), L cross-entropy (section 4).

    From the image itself, cut to the range of pixels. In an l_2 ball the step has the gradient's own direction.
    """

    paper = "fgsm"

    def attack(self, ball: Ball) -> Attack:
        return Ascent(fgsm(ball))
