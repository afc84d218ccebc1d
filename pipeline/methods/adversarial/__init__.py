"""Classifiers trained on inputs that an attack has moved within a radius."""

from collections.abc import Callable

import torch

from pipeline.contract import Batch, Context, Inputs, Tensor, setting
from pipeline.methods.classifier import Classifier
from pipeline.ops.attacks import PGD, evaluating
from pipeline.ops.balls import BALLS, Ball
from pipeline.ops.sharpness import displaced, remember, remembered
from pipeline.ops.weight_perturbation import layerwise, matrices


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


class WeightPerturbed(Adversarial):
    """An adversarial classifier whose loss L is taken at w + v in place of w (Wu et al. 2020).

    A mixin, to stand before the classifier: `class XAWP(WeightPerturbed, X)`. x' is made at w. The first pass gives
    g = grad_w L(w; x'), and v_l = gamma |w_l| g_l / |g_l| for each layer l; the second, with the same x', gives the
    gradient at w + v that is left for the optimiser, which steps from w. Layers are the tensors of weights of more than
    one dimension: biases and normalisation stay where they are. gamma = 0 is the classifier itself, in one pass.

    Batch normalisation keeps what it sees at w + v, as in the authors' code, where weight decay acts on w + v too, and
    here on w. In that code the first pass is of a copy of the network.
    """

    gamma: float = setting(0.01, unit="length of a layer's weights", low=0.0)
    warmup: float = setting(0.0, unit="share of training", low=0.0, high=1.0)
    """For so long nothing is perturbed."""
    direction: str = setting("steepest", choices=("steepest", "random"))
    """"random" draws v from a Gaussian and gives it the same lengths; an ablation."""
    made: list[Tensor] | None = None
    """The attacked images of a step that is under way, once there are any."""

    def attacked(self, loss: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
        if self.made is None:
            return super().attacked(loss, images)
        if not self.made:
            self.made.append(super().attacked(loss, images))
        return self.made[0]

    def backward(self, batch: Batch) -> Tensor:
        if self.gamma == 0 or self.progress < self.warmup:
            return super().backward(batch)
        self.made = []
        try:
            weights, before = matrices(self), remembered(self)
            slopes = torch.autograd.grad(self.loss(batch), weights)
            if self.direction == "random":
                slopes = tuple(torch.randn_like(slope) for slope in slopes)
            remember(self, before)
            with displaced(weights, layerwise(weights, slopes, self.gamma)):
                return super().backward(batch)
        finally:
            self.made = None
