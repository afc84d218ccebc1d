"""How much the loss under attack rises where each layer of weights is moved a little up its gradient."""

from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.errors import Absent
from pipeline.ops.attacks import Classify
from pipeline.ops.sharpness import displaced
from pipeline.ops.weight_perturbation import layerwise

LABEL = "Sharpness"
UNIT = ""
BOUNDS = (None, None)
DIRECTION = "lower"
GAMMA = 0.01
"""Of a layer's length, the size that Wu et al. (2020) train with."""
CHUNK = 500


def compute(classify: Classify, weights: list[Tensor], pgd_train_views: Tensor, pgd_train_labels: Tensor) -> float:
    """Of the mean cross-entropy L of attacked training images: L(w + v) - L(w), the images being those made at w.

    v_l = gamma |w_l| g_l / |g_l| for each layer l, g the gradient of L at w.
    """

    def losses() -> Iterator[Tensor]:
        for views, own in zip(pgd_train_views.split(CHUNK), pgd_train_labels.split(CHUNK), strict=True):
            yield F.cross_entropy(classify(views), own, reduction="sum") / len(pgd_train_labels)

    weights = [weight for weight in weights if weight.requires_grad]
    if not weights:
        raise Absent("none of its weights is trained")
    slopes, before = [torch.zeros_like(weight) for weight in weights], 0.0
    with torch.enable_grad():
        for loss in losses():
            before += loss.item()
            for slope, part in zip(slopes, torch.autograd.grad(loss, weights, allow_unused=True), strict=True):
                slope += 0 if part is None else part
    with torch.no_grad(), displaced(weights, layerwise(weights, slopes, GAMMA)):
        return sum(loss.item() for loss in losses()) - before
