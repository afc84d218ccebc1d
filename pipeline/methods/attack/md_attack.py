"""Where one term of the margin drowns the other's gradient, it ascends each alone before both together."""

from pipeline.contract import setting
from pipeline.methods.attack import PostHocAttack
from pipeline.ops.attacks import Attack
from pipeline.ops.balls import Ball
from pipeline.ops.margin_decomposition import MarginDecomposition


class MDAttack(PostHocAttack):
    """T' steps of -z_y, and from another start of z_max = max_{k != y} z_k, then T - T' of z_max - z_y (both twice).

    T = 50 and T' = 20 are what the authors' experiments run (attack_handler.py; the class itself has T' = 25). Steps
    and the odd first one, up z_y, are those of their code (`ops.margin_decomposition`). Without `change` it is ascent
    of the margin by cosine steps.
    """

    paper = "imbalanced_gradients"
    steps: int = setting(50, low=2)
    change: float = setting(0.4, unit="steps", low=0.0, high=0.9)

    def attack(self, ball: Ball) -> Attack:
        return MarginDecomposition(ball, self.steps, self.turn)

    @property
    def turn(self) -> int:
        """T', in steps."""
        return min(round(self.change * self.steps), self.steps - 1)
