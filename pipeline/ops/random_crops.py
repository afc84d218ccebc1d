"""Random resized crops that gradients pass through."""

import torch
import torch.nn.functional as F
from torch import Tensor


def cropped(images: Tensor, least: float, most: float, generator: torch.Generator | None) -> Tensor:
    """Images (B, C, H, W), each cut to a square of `least` to `most` of its area, anywhere in it, at its old size."""
    draws = torch.rand(len(images), 3, generator=generator).to(images)
    side = (least + (most - least) * draws[:, 0]).sqrt()
    middle = (2 * draws[:, 1:] - 1) * (1 - side)[:, None]
    scale = torch.diag_embed(side[:, None].expand(-1, 2))
    grid = F.affine_grid(torch.cat([scale, middle[..., None]], 2), list(images.shape), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)
