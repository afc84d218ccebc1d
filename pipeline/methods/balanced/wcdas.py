"""A wrapped Cauchy density of the angle to each class's direction, as concentrated as training finds best."""

import math

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.heads import CosineLinear


class WCDAS(Classifier):
    """Cross-entropy of logits z_k = s / (2 pi) (1 - g_k^2) / (1 + g_k^2 - 2 g_k cos theta_k).

    g_k = sigmoid(a_k) in (0, 1) is the concentration of class k and s = 1 + softplus(b) > 1 the scale of all; a and b
    are trained with the rest. `start` and `scale_start` are where a and b start. The authors' code starts b at 0
    (s = 1.69) and a at 0 for long-tailed CIFAR, so g = 1/2; it has a = -1 for ImageNet-LT, and a = 1 with s fixed at
    250 for iNaturalist. From s = 1.69 logits start within 0.8 of each other, and a short training does not get to
    rare classes. The code decays a and b as it does weights, which the study's optimiser does not. Its second step, a
    new classifier trained on class-balanced batches of the frozen encoder's features, is a method of its own and not
    here. g -> 0 is a uniform prediction.
    """

    paper = "wcdas"
    start: float = setting(0.0, unit="a, logit of g")
    scale_start: float = setting(0.0, unit="b")

    def build(self, context: Context) -> None:
        self.head = CosineLinear(context.feature_dim, context.num_classes)
        self.concentration = nn.Parameter(torch.full((context.num_classes,), self.start))
        self.scale = nn.Parameter(torch.tensor(self.scale_start))

    def logits(self, features: Tensor) -> Tensor:
        g = self.concentration.sigmoid()
        density = (1 - g**2) / (1 + g**2 - 2 * g * self.head(features))
        return (1 + F.softplus(self.scale)) / (2 * math.pi) * density

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)
