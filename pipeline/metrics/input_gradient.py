"""Mean l_1 norm of the gradient of cross-entropy with respect to the pixels: what a small step can do at most."""

import torch
import torch.nn.functional as F
from torch import Tensor

from pipeline.contract import Inputs
from pipeline.ops.attacks import Classify

LABEL = "Input gradient"
UNIT = ""
BOUNDS = (0.0, None)
DIRECTION = None


def compute(classify: Classify, test_views: Tensor, labels: Tensor, inputs: Inputs) -> Tensor:
    """(N,) of test images as they are; a pixel's whole range is 1."""
    found = []
    for views, own in zip(test_views.split(500), labels.split(500), strict=True):
        with torch.enable_grad():
            at = views.detach().requires_grad_()
            (slope,) = torch.autograd.grad(F.cross_entropy(classify(at), own, reduction="sum"), at)
        found.append((slope * inputs.scale.to(slope)).flatten(1).abs().sum(1).double())
    return torch.cat(found)
