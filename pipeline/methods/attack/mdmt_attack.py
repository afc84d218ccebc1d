"""Margin decomposition towards each wrong class in turn."""

from pipeline.contract import Inputs, Tensor, setting
from pipeline.methods.attack.md_attack import MDAttack
from pipeline.ops.apgd import in_turn, likely
from pipeline.ops.attacks import Attack, Classify, Generator
from pipeline.ops.balls import Ball
from pipeline.ops.margin_decomposition import MarginDecomposition


class MDMTAttack(MDAttack):
    """`md_attack` with z_t in place of z_max, for the wrong classes t by the logits of images as they are.

    The likeliest first and each on what still stands, where the authors' code begins with the least likely and attacks
    all images; theirs also spends a turn on the class that is predicted.
    """

    paper = "imbalanced_gradients"
    targets: int = setting(9, low=1)

    def attack(self, ball: Ball) -> Attack:
        def attack(
            classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
        ) -> Tensor:
            return in_turn(
                lambda target: MarginDecomposition(ball, self.steps, self.turn, target=target),
                likely(classify, views, labels, self.targets),
                (classify, views, labels, inputs, generator),
            )

        return attack
