"""Square attack: random search by squares of the ball's corners, which asks for logits alone."""

from pipeline.contract import setting
from pipeline.methods.attack import PostHocAttack
from pipeline.ops.attacks import Attack
from pipeline.ops.balls import Ball
from pipeline.ops.square import square


class SquareAttack(PostHocAttack):
    """Algorithm 1 of Andriushchenko et al. (2020), by the margin of logits; 2 in an l_inf ball, 3 in an l_2 ball.

    The paper has up to 10,000 queries; AutoAttack has 5,000. The sizes of squares are those of so many queries.
    """

    paper = "square"
    queries: int = setting(1000, low=1)

    def attack(self, ball: Ball) -> Attack:
        return square(ball, self.queries)
