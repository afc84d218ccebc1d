"""A student learns from the softened predictions of a trained teacher in place of labels."""

from typing import Self

import torch
import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting
from pipeline.methods.classifier import Classifier


class Distillation(Classifier):
    """Section 4: L = (1 - beta) H(y, p) + beta T^2 H(p^t(T), p(T)), p(T) = softmax(z / T), p^t the teacher's.

    beta = 1, true labels are ignored, and T = 1 are those of the paper where teachers trained with and without label
    smoothing are compared (it raises T for the teacher without). T^2, which the section leaves out, keeps the size of
    the gradient (Hinton et al. 2015); it is 1 here. beta = 0 is cross-entropy.
    The teacher is the run that the study names as base. It sees what the student sees, augmented alike, and is never
    in training mode. The paper distils from ResNet-56 to AlexNet; here both have the study's encoder.
    """

    paper = "label_smoothing"
    builds_on = True
    requires = ("base_kind == 'classifier'", "base_num_classes == num_classes", "base_shape[0] == shape[0]")
    training_only = ("teacher",)
    beta: float = setting(1.0, low=0.0, high=1.0)
    temperature: float = setting(1.0, low=1e-3)

    def build(self, context: Context) -> None:
        super().build(context)
        assert isinstance(context.base, Classifier)
        self.teacher = context.base

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.teacher.eval()
        return self

    def loss(self, batch: Batch) -> Tensor:
        images = batch.views[0]
        with torch.no_grad():
            taught = (self.teacher.logits(self.teacher.encoder(images)) / self.temperature).softmax(1)
        logits = self.logits(self.encoder(images))
        soft = self.temperature**2 * F.cross_entropy(logits / self.temperature, taught)
        return (1 - self.beta) * F.cross_entropy(logits, batch.labels) + self.beta * soft
