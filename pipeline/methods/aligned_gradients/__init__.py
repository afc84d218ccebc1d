"""Classifiers whose input gradients are taught where to point: towards what a person sees in a class."""

from functools import partial
from typing import ClassVar

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Inputs, Tensor, setting
from pipeline.methods.classifier import Classifier
from pipeline.ops.attacks import evaluating
from pipeline.ops.input_gradients import SCORES, cosines


class AlignedGradients(Classifier):
    """L = CE(f(x), y) + lambda sum_c [1 - cos(grad_x f_c(x), g(x, c))], c over all K classes.

    Members override `destinations`: g(x, c) is what lies between x and there. No adversarial example is made. With
    fewer `gradients` than classes, so many classes are drawn for each image, and their mean stands for all. That the
    cosines are summed, not averaged, and lambda = 1.5, are of the authors' code for CIFAR-10.

    `of` = "logit" is the paper's f_c. The authors' code, which has targets from a diffusion model only, takes
    log p_c(x): those targets are estimates of its gradient. For the targets here it asks what cannot be, since
    sum_c p_c grad log p_c = 0 for every classifier, and ways to several classes have no such sum.

    Ours: the images whose gradients are aligned are not augmented, so that their targets need not be turned alike, and
    pass in evaluation mode, as an attacker will see them; the code turns both alike and uses the batch's statistics.
    """

    views = ("full", "plain")
    training_only: ClassVar[tuple[str, ...]] = ("noise",)
    inputs: Inputs
    noise: Tensor
    num_classes: int
    weight: float = setting(1.5, low=0.0)
    """lambda."""
    gradients: int = setting(10, low=1)
    """Classes of each image whose gradients are aligned in a step; at most all."""
    of: str = setting("logit", choices=("logit", "log_probability"))
    """What the gradients are of."""
    random_targets: bool = setting(False)
    """In place of g(x, c) a direction of each class that is drawn once and means nothing: the paper's idea removed."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.inputs, self.num_classes = context.inputs, context.num_classes
        draws = torch.Generator().manual_seed(context.seed)
        self.register_buffer("noise", torch.randn(context.num_classes, *context.inputs.shape, generator=draws))

    def destinations(self, images: Tensor, classes: Tensor, indices: Tensor) -> Tensor:
        """(B, ...) views towards which plain images (B, ...), of these places in the training set, become classes
        (B,)."""
        raise NotImplementedError

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)

    def loss(self, batch: Batch) -> Tensor:
        return super().loss(batch) + self.weight * self.num_classes * (1 - self.aligned(batch).mean())

    def aligned(self, batch: Batch) -> Tensor:
        """(B k,) cosines of the gradients of k classes of each image."""
        images, count = batch.views[1], min(self.gradients, self.num_classes)
        classes = torch.rand(len(images), self.num_classes, device=images.device).argsort(1)[:, :count].flatten()
        copies, indices = (of.repeat_interleave(count, 0) for of in (images, batch.indices))
        if self.random_targets:
            directions = self.noise[classes].to(copies.dtype)
        else:
            directions = self.destinations(copies, classes, indices) - copies
        with evaluating(self):
            classify = partial(_logits, self)
            return cosines(classify, SCORES[self.of], copies, classes, directions, self.inputs, learn=True)


def _logits(method: Classifier, views: Tensor) -> Tensor:
    return method.logits(method.encoder(views))
