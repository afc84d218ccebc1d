"""How far the gradients of the two terms of a margin are from equally long: a doubling is 1, in either direction."""

import torch
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Classify
from pipeline.ops.margin_decomposition import parts

LABEL = "Gradient imbalance"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None
NEVER_ZERO = 1e-30


def compute(classify: Classify, test_views: Tensor, labels: Tensor, inputs: Inputs) -> Tensor:
    """(N,) |log_2 of |grad z_max|_1 / |grad z_y|_1|, by pixels of test images as they are."""
    found = []
    for views, own in zip(test_views.split(500), labels.split(500), strict=True):
        with torch.enable_grad():
            at = views.detach().requires_grad_()
            true, other = parts(classify(at), own)
            slopes = [torch.autograd.grad(part.sum(), at, retain_graph=True)[0] for part in (true, other)]
        y, t = ((slope * inputs.scale.to(slope)).flatten(1).abs().sum(1).double() for slope in slopes)
        found.append(((t + NEVER_ZERO) / (y + NEVER_ZERO)).log2().abs())
    return torch.cat(found)
