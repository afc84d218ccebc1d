"""Beyond norm balls: brightness, contrast and a shift by a pixel, searched image by image for what misleads."""

import torch
import torch.nn.functional as F

from pipeline.contract import Inputs, Tensor, setting
from pipeline.methods.attack import PostHocAttack
from pipeline.ops.attacks import Attack, Classify, Generator
from pipeline.ops.balls import Ball, drawn
from pipeline.ops.class_scores import margins


class AffineIntensity(PostHocAttack):
    """x' = clip(g x + b), moved by up to `shift` pixels: of random g, b and moves that with the least margin of logits.

    Ours, and of no paper: what stands here for changes that keep an image's meaning and are far in every norm. |g - 1|
    is at most `gain` and |b| at most `offset`. The first try is the image as it is; edges are repeated where it moves
    out. It asks for logits alone, and the radius of the study does not bound it.
    """

    paper = ""
    tries: int = setting(40, low=1)
    gain: float = setting(0.3, low=0.0, high=1.0)
    offset: float = setting(0.1, unit="raw range", low=0.0)
    shift: int = setting(1, unit="pixels", low=0)

    def attack(self, ball: Ball) -> Attack:
        return self.search

    @torch.no_grad()
    def search(
        self, classify: Classify, views: Tensor, labels: Tensor, inputs: Inputs, generator: Generator = None
    ) -> Tensor:
        scale, mean = inputs.scale.to(views), inputs.column(inputs.mean).to(views)
        low, high = inputs.bounds or (float("-inf"), float("inf"))
        raw, best = views / scale + mean, views.detach().clone()
        least = margins(classify(best), labels)
        for _ in range(self.tries):
            draws = drawn(torch.rand, views.flatten(1)[:, :1].expand(-1, 4).contiguous(), generator)
            standing = (least > 0).nonzero().squeeze(1)
            if not len(standing):
                break
            g, b = ((2 * draws[standing, :2] - 1) * draws.new_tensor([self.gain, self.offset])).unbind(1)
            toned = ((1 + g[:, None, None, None]) * raw[standing] + b[:, None, None, None]).clamp(low, high)
            tried = (moved(toned, draws[standing, 2:], self.shift) - mean) * scale
            found = margins(classify(tried), labels[standing])
            lower = found < least[standing]
            best[standing[lower]], least[standing[lower]] = tried[lower], found[lower]
        return best


def moved(images: Tensor, shares: Tensor, shift: int) -> Tensor:
    """Images (B, C, H, W), each moved by whole pixels in -shift .. shift, which shares (B, 2) in [0, 1) choose."""
    height, width = images.shape[2:]
    wide = F.pad(images, (shift, shift, shift, shift), mode="replicate")
    top, left = (shares * (2 * shift + 1)).long().unbind(1)
    rows = top[:, None] + torch.arange(height, device=images.device)
    columns = left[:, None] + torch.arange(width, device=images.device)
    image = torch.arange(len(images), device=images.device)[:, None, None]
    return wide.permute(0, 2, 3, 1)[image, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
