"""Square attack: random search by squares of the ball's corners, which asks for logits alone."""

from pipeline.contract import setting
from pipeline.methods.attack import PostHocAttack
from pipeline.ops.attacks import Attack
from pipeline.ops.balls import Ball
from pipeline.ops.square import Square


class SquareAttack(PostHocAttack):
    """Algorithms 1 and 2 of Andriushchenko et al. (2020), by the margin of logits.

    The paper has up to 10,000 queries; AutoAttack has 5,000. The sizes of squares are those of so many queries.
    """

    paper = "square"
    queries: int = setting(1000, low=1)

    def attack(self, ball: Ball) -> Attack:
        return Square(ball, self.queries)
