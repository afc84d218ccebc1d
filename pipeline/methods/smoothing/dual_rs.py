"""Dual randomized smoothing: two networks vote under noise, each on half of the pixels, and their radii add up."""

import copy

import torch
import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting
from pipeline.methods.certified import Sampling
from pipeline.methods.smoothing import Smoothed
from pipeline.ops.binomial import lower_bound


class DualRS(Smoothed):
    """c wins while p_1 + p_2 > 1: R = (R_1 + R_2) / sqrt(2), R_i = sigma Phi^-1(p_i) of the half that network i sees.

    The halves are the two colours of a chessboard, so that each shows the whole at half the resolution. `split` =
    "rows" gives one network the upper half of the image and the other the lower: an ablation of ours. A missing pixel
    is the greatest kept one of its block of 2 x 2, after the noise; 0 in a block with none. Nothing of the other half
    enters, or the certificate would be void. So the paper's code fills too, but it adds the fill to the kept pixels and
    leaves the missing ones 0, and its chessboard is shifted by one behind the second column. There the networks go on
    from one of whole images with noise; here both are trained from the start, alike at first, with a loss each. sigma
    is 0.18 and 0.36 there, beside 0.25 and 0.5 of one network: divided by the root of 2.

    The authors' code has R = sqrt(max(R_1, 0)^2 + max(R_2, 0)^2), and the whole error for each bound (`form` =
    "code"). It exceeds the sum unless R_1 = R_2, and does not hold: with R_2 = 0 a shift of R_1 / sqrt(2) suffices.
    """

    paper = "dual_rs"
    sigma: float = setting(0.18, unit="raw range", low=1.0e-6)
    split: str = setting("interleaved", choices=("interleaved", "rows"))
    form: str = setting("sum", choices=("sum", "code"))

    second: nn.ModuleDict
    kept: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.second = nn.ModuleDict({"encoder": copy.deepcopy(self.encoder), "head": copy.deepcopy(self.head)})
        height, width = context.inputs.shape[-2:]
        rows, columns = torch.arange(height)[:, None], torch.arange(width)
        first = (rows + columns) % 2 == 0 if self.split == "interleaved" else (2 * rows + 0 * columns < height)
        self.register_buffer("kept", torch.stack([first, ~first]))

    def part_logits(self, views: Tensor) -> Tensor:
        first = self.logits(self.encoder(self.filled(views, 0)))
        return torch.stack([first, self.second["head"](self.second["encoder"](self.filled(views, 1)))], 1)

    def filled(self, views: Tensor, part: int) -> Tensor:
        """Views (B, C, H, W) of which one half is kept, and the rest filled by it."""
        kept, (height, width) = self.kept[part], views.shape[-2:]
        known = views.masked_fill(~kept, float("-inf"))
        blocks = F.max_pool2d(known, 2, ceil_mode=True)
        fill = blocks.repeat_interleave(2, 2).repeat_interleave(2, 3)[..., :height, :width]
        return torch.where(kept, views, torch.where(fill.isinf(), self.empty.to(views), fill))

    @property
    def empty(self) -> Tensor:
        """The view of a raw value of 0, per channel."""
        return -self.inputs.column(self.inputs.mean) * self.inputs.scale

    def radii(self, hits: Tensor, sampling: Sampling) -> Tensor:
        if self.form == "sum":
            return super().radii(hits, sampling)
        own = self.sigma * torch.special.ndtri(lower_bound(hits, sampling.samples, sampling.error))
        return own.clamp_min(0).square().sum(1).sqrt()
