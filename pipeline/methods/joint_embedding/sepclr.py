"""Two encoders, for what background and target images have in common and for what only target images have."""

import copy

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.heads import mlp


class SepCLR(JointEmbedding):
    """Sum of, with views v and w of each image and means over the batch where E is written:

    common, all images, c unit: E|c_v - c_w|^2 + 2 U(c); salient, `salient_weight` times: E|s_v - s_w|^2 over targets
    + 2 U(s); `background_weight` E|s - s'|^2 over background; k-JEM, `joint_weight` E log E_j k(c, c_j) k(s, s_j).
    U = log E_{i<j} k(z_i, z_j), k = exp(-|z - z_j|^2 / (2 tau)); U and k-JEM are the mean over the two views. s' = 0
    stands for s of background images except in their own term. tau = 0.5 scales alignment too (public code).

    Whether an image is target is the only label read: the last class is background. The weights are the public
    code's for digits on CIFAR-10, as are the heads, 128 -> 32 and batch normalised. The representation is the
    encoder's output, s first; its code has a linear layer of 32 in between. Both encoders begin with equal weights.
    """

    paper = "sepclr"
    uses_labels = True
    training_only = ("common_head", "salient_head")
    salient_weight: float = setting(1000.0, low=0.0)
    background_weight: float = setting(1000.0, low=0.0)
    joint_weight: float = setting(10.0, low=0.0)
    tau: float = setting(0.5, low=1e-3)
    projection_hidden: int = setting(128, unit="units", low=1)
    projection_dim: int = setting(32, unit="units", low=1)

    def build(self, context: Context) -> None:
        widths = [context.feature_dim, self.projection_hidden, self.projection_dim]
        self.common_encoder = copy.deepcopy(self.encoder)
        self.common_head, self.salient_head = mlp(widths, batch_norm=True), mlp(widths, batch_norm=True)
        self.background = context.num_classes - 1

    def loss(self, batch: Batch) -> Tensor:
        images, target = torch.cat(batch.views), batch.labels != self.background
        c = F.normalize(self.common_head(self.common_encoder(images)).float()).chunk(2)
        s = self.salient_head(self.encoder(images)).float().chunk(2)
        return self.separated(list(c), list(s), target)

    def separated(self, c: list[Tensor], s: list[Tensor], target: Tensor) -> Tensor:
        """Of c and s, (B, D) for each of two views, and target (B,), true or false."""
        fixed = [view * target[:, None] for view in s]
        pairs = [(log_kernel(a, self.tau), log_kernel(b, self.tau)) for a, b in zip(c, fixed, strict=True)]
        common = self.aligned(c[0], c[1]) + sum(uniformity(k) for k, _ in pairs)
        salient = self.aligned(s[0], s[1], target) + sum(uniformity(k) for _, k in pairs)
        background = sum(self.aligned(view, torch.zeros_like(view), ~target) for view in s) / 2
        joint = sum((k_c + k_s).logsumexp(1).mean() for k_c, k_s in pairs) / 2 - torch.tensor(float(len(target))).log()
        weighted = self.salient_weight * salient + self.background_weight * background
        return common + weighted + self.joint_weight * joint

    def aligned(self, a: Tensor, b: Tensor, chosen: Tensor | None = None) -> Tensor:
        distances = ((a - b) ** 2).sum(1) / (2 * self.tau)
        return distances.mean() if chosen is None else (distances * chosen).sum() / chosen.sum().clamp_min(1)

    def further_features(self, images: Tensor, features: Tensor) -> dict[str, Tensor]:
        return {"common": self.common_encoder(images), "salient": features}


def log_kernel(z: Tensor, tau: float) -> Tensor:
    """(B, B) of z (B, D)."""
    return -(torch.cdist(z, z) ** 2) / (2 * tau)


def uniformity(log_kernels: Tensor) -> Tensor:
    """log of the mean over pairs of two different images, given (B, B)."""
    size = len(log_kernels)
    others = log_kernels.masked_fill(torch.eye(size, dtype=torch.bool, device=log_kernels.device), -torch.inf)
    return others.flatten().logsumexp(0) - torch.tensor(float(size * (size - 1))).log()
