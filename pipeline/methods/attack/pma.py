"""Margin decomposition on probabilities: a margin whose gradient forgets classes that are out of the question."""

from pipeline.contract import setting
from pipeline.methods.attack.md_attack import MDAttack
from pipeline.ops.attacks import Attack
from pipeline.ops.balls import Ball
from pipeline.ops.margin_decomposition import MarginDecomposition, precise_probabilities, probabilities


class PMA(MDAttack):
    """The stages of `md_attack` with p = softmax(z) in place of z: -p_y or p_max, then p_max - p_y; T = 100, T' = 50.

    This is what runs under the name in the authors' code (MD.py with `PMargin`); its plain ascent of p_max - p_y is
    `change` = 0. Where p_y is 1 in float32 all gradients are 0, and images stay where they start. `precision` is ours:
    softmax in float64, which a surer network than here would saturate as well.
    """

    paper = "pma"
    steps = 100
    change = 0.5
    precision: str = setting("float32", choices=("float32", "float64"))

    def attack(self, ball: Ball) -> Attack:
        scores = probabilities if self.precision == "float32" else precise_probabilities
        return MarginDecomposition(ball, self.steps, self.turn, scores)
