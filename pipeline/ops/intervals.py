"""Interval bounds: between what values a network's features lie when its inputs lie in boxes (Gowal et al. 2018)."""

import torch.nn.functional as F
from torch import Tensor, nn

from pipeline.ops.encoder import Encoder

Box = tuple[Tensor, Tensor]
"""The least and the greatest values, of one shape (B, ...)."""
MONOTONE = (nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Identity)


def encoded(encoder: Encoder, box: Box) -> Box:
    """Bounds (B, F) of the features of every input in a box (B, C, H, W)."""
    for block in encoder.blocks:
        box = through(block, box)
    low, high = box
    return (low.mean((2, 3)), high.mean((2, 3))) if low.ndim == 4 else box


def through(module: nn.Module, box: Box) -> Box:
    """Section 3: of an affine map, centre mu' = W mu + b and radius r' = |W| r; of a monotone one, both ends' values.

    Batch normalisation is the affine map that it is in evaluation, which is the only mode it may be in.
    """
    if isinstance(module, nn.Sequential):
        for part in module:
            box = through(part, box)
        return box
    low, high = box
    if isinstance(module, MONOTONE):
        # a copy, since some activations write over what they are given
        return module(low.clone()), module(high.clone())
    centre, radius = (low + high) / 2, (high - low) / 2
    if isinstance(module, nn.Linear):
        centre, radius = module(centre), F.linear(radius, module.weight.abs())
    elif isinstance(module, nn.Conv2d) and module.padding_mode == "zeros":
        centre, radius = module(centre), module._conv_forward(radius, module.weight.abs(), None)
    elif isinstance(module, nn.BatchNorm2d) and not module.training and module.running_var is not None:
        steepness = (module.weight / (module.running_var + module.eps).sqrt()).abs()
        centre, radius = module(centre), radius * steepness.view(1, -1, 1, 1)
    else:
        raise TypeError(f"no interval bounds of {type(module).__name__} in this mode")
    return centre - radius, centre + radius


def worst_margins(head: nn.Linear, box: Box, labels: Tensor) -> Tensor:
    """(B, K) at most how far each class lies before the labels (B,), over all features in a box (B, F); 0 for these.

    z_j - z_y is one affine map, w_j - w_y: bounds of the two apart would let a feature be great for one and small for
    the other.
    """
    low, high = box
    apart = head.weight - head.weight[labels][:, None]
    centre, radius = (low + high) / 2, (high - low) / 2
    found = (apart @ centre[:, :, None] + apart.abs() @ radius[:, :, None]).squeeze(2)
    return found if head.bias is None else found + head.bias - head.bias[labels][:, None]


def loose_margins(head: nn.Linear, box: Box, labels: Tensor) -> Tensor:
    """The same by bounds of the logits: z_j^U - z_y^L; 0 for the labels."""
    low, high = through(head, box)
    found = high - low.gather(1, labels[:, None])
    return found.scatter(1, labels[:, None], 0.0)
