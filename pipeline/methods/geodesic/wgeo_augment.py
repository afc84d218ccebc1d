"""Training on the worst distribution between two classes: the place on their geodesic where the loss is greatest."""

import torch

from pipeline.contract import Tensor, setting
from pipeline.methods.geodesic import Geodesic
from pipeline.ops.geodesics import Geodesics


class WGeoAugment(Geodesic):
    """L = CE(x, y) + max_t CE(x_t, y_t), x_t = (1 - t) x + t T(x), y_t = (1 - t) y_a + t y_b, T the optimal transport.

    One t for each couple of classes, the worst of a grid by its mean loss. The images themselves, which the paper
    augments by these, count as much as the augmented ones.
    """

    paper = "wgeo"
    worst: bool = setting(True)
    """False draws t evenly from [0, 1], anew for each couple."""

    def along(self, geodesics: Geodesics) -> Tensor:
        starts = geodesics.starts
        if self.worst:
            with torch.no_grad():
                t = self.curve(geodesics).argmax(0).to(starts.dtype) / (self.grid - 1)
        else:
            t = torch.rand(len(geodesics.counts), dtype=starts.dtype, device=starts.device)
        t = t[geodesics.couples]
        return geodesics.losses(self.logits(self.encoder(self.shown(geodesics, t))), t).mean()

    def shown(self, geodesics: Geodesics, t: Tensor) -> Tensor:
        """(M, ...) views to learn from at t, (M,)."""
        return geodesics.points(t)
