"""Classifiers trained on inputs that an attack has moved within a radius."""

from collections.abc import Callable

from pipeline.contract import Context, Inputs, Tensor, setting
from pipeline.methods.classifier import Classifier
from pipeline.ops.attacks import PGD, evaluating
from pipeline.ops.balls import BALLS, Ball


class Adversarial(Classifier):
    """A classifier and the attack that it is trained against: projected gradient ascent in a ball, l_inf by default.

    Members override `loss`, and `attack` where theirs is another. Whatever the papers' code does, the attack is made in
    evaluation mode: it sees the running statistics of batch normalisation, as an attacker will, and leaves them alone.
    A radius of 0.1 is common for grey images of clothes; the papers' are 0.3 for digits and 8/255 for CIFAR-10.
    """

    inputs: Inputs
    norm: str = setting("linf", choices=("linf", "l2"))
    radius: float = setting(0.1, unit="raw range", low=0.0)
    steps: int = setting(7, low=0)
    step_size: float = setting(0.25, unit="radius", low=0.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.inputs = context.inputs

    def attack(self) -> PGD:
        return PGD(self.ball(), self.steps, self.step_size * self.radius)

    def ball(self) -> Ball:
        return BALLS[self.norm](self.radius)

    def attacked(self, loss: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        """Images (B, ...) moved to where the loss of their logits, (B, K) to a scalar or (B,), is great."""
        with evaluating(self):
            return self.attack()(lambda moved: loss(self.logits(self.encoder(moved))), images, self.inputs)
