"""Where two crops of an image overlap, each place of one must be predicted from similar places of the other crop."""

from typing import Any

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.ema import follow, follower, rising


class PixPro(JointEmbedding):
    """L = -cos(y_i, x'_j) - cos(y_j, x'_i) averaged over the pairs of cells (i, j) of the two crops' feature maps
    that are near, then over images; an image without a pair counts 0.

    x: encoder and head, x': the same with momentum, no gradient. Propagation, within a crop (equations 4 and 5):
    y_i = sum_j max(cos(x_i, x_j), 0)^gamma g(x_j), g one linear layer, its output of unit length (public code).
    Near: the cells' centres are less than `threshold` apart in the image, in units of the longer of the two crops'
    cell diagonals. Momentum goes from `momentum` to 1 by a cosine. The public code's loss is twice this.

    The map is the encoder's last, so crops must be large enough for it to have several cells a side (7 in the paper).
    The head is 1x1 convolutions, 4096 -> 256 in the paper and sized as all heads are here. g is square.
    """

    paper = "pixpro"
    training_only = ("projector", "transform", "slow")
    threshold: float = setting(0.7, unit="cell diagonals", low=0.0)
    gamma: float = setting(2.0, low=0.0)
    momentum: float = setting(0.99, low=0.0, high=1.0)

    slow: Any

    def build(self, context: Context) -> None:
        self.projector = nn.Sequential(
            nn.Conv2d(context.feature_dim, self.projection_hidden, 1),
            nn.BatchNorm2d(self.projection_hidden),
            nn.ReLU(inplace=True),
            nn.Conv2d(self.projection_hidden, self.projection_dim, 1),
        )
        self.transform = nn.Conv2d(self.projection_dim, self.projection_dim, 1)
        self.slow = follower(nn.ModuleList([self.encoder, self.projector]))

    def loss(self, batch: Batch) -> Tensor:
        images, size = torch.cat(batch.views), len(batch.labels)
        x = self.projector(self.encoder.layers(images)[-1])  # type: ignore[operator]
        with torch.no_grad():
            encoder, projector = self.slow
            keys = cells(projector(encoder.layers(images)[-1])).split(size)
        y = F.normalize(self.propagated(cells(x), cells(self.transform(x))), dim=2).split(size)
        centres, diagonals = zip(*(places(box, *x.shape[2:]) for box in batch.boxes), strict=True)
        near = torch.cdist(*centres) < self.threshold * torch.maximum(*diagonals)[:, None, None]
        return -agreement(y[0], keys[1], near) - agreement(y[1], keys[0], near.mT)

    def propagated(self, x: Tensor, values: Tensor) -> Tensor:
        """y (B, N, D), given unit vectors x and g(x) of the N cells of each crop."""
        # a power's slope is infinite at 0 where gamma < 1
        return (x @ x.mT).clamp_min(1e-6) ** self.gamma @ values

    def after_step(self) -> None:
        momentum = rising(self.momentum, self.progress)
        follow(self.slow, nn.ModuleList([self.encoder, self.projector]), momentum)


def cells(maps: Tensor) -> Tensor:
    """Unit vectors (B, N, D) of the cells of maps (B, D, h, w), N = h w, row by row."""
    return F.normalize(maps.float().flatten(2), dim=1).mT


def places(box: Tensor, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Centres (B, N, 2) of the cells in pixels of the image, and the length (B,) of a cell's diagonal."""
    top, left, tall, wide, mirrored = box.float().unbind(1)
    y = (torch.arange(height, device=box.device) + 0.5) / height
    x = (torch.arange(width, device=box.device) + 0.5) / width
    columns = torch.where(mirrored[:, None] > 0, 1 - x, x) * wide[:, None] + left[:, None]
    rows = y * tall[:, None] + top[:, None]
    centres = torch.stack([rows.repeat_interleave(width, 1), columns.repeat(1, height)], 2)
    return centres, torch.hypot(tall / height, wide / width)


def agreement(y: Tensor, keys: Tensor, near: Tensor) -> Tensor:
    """Mean cosine over near pairs (B, N, N) of y and keys (B, N, D), then over images."""
    pairs = near.float()
    return (((y @ keys.mT) * pairs).sum((1, 2)) / pairs.sum((1, 2)).clamp_min(1)).mean()
