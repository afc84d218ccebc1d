"""A class is a line between two learned points, not a single one, and asks less of images that lie close together."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.embedding import ClassCentres
from pipeline.ops.heads import CosineLinear
from pipeline.ops.pairs import same_and_different
from pipeline.ops.retrieval import cosines as between


class DAAL(ClassCentres):
    """Softmax of s (c_j - m_x [j = y]), c_j the cosine of x with the nearest point of the segment from a_j to b_j.

    a_j and b_j are unit vectors, and the nearest point is at t = clip(<x - a, b - a> / |b - a|^2, 0, 1). The margin
    is m_x = m (1 - rho_x), rho_x the density around x: its mean cosine with the three nearest of its class in the
    batch, as a share of the batch's range.

    The paper's formula could not be read; its abstract speaks of lines, densities and sub-clusters. Segment, margin and
    density as they are here are ours, and so are m = 0.35 and s = 64, from CosFace, which this is with `line` and
    `density` off.
    """

    paper = "daal"
    images_per_class: int = setting(4, unit="images of each class of a batch, 0 for random batches", low=0)
    scale: float = setting(64.0, unit="logits per cosine", low=1e-6)
    margin: float = setting(0.35, unit="cosine", low=0.0, high=1.0)
    neighbours: int = setting(3, low=1)
    line: bool = setting(True)
    density: bool = setting(True)

    def build(self, context: Context) -> None:
        super().build(context)
        if self.line:
            self.ends = CosineLinear(context.feature_dim, context.num_classes)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        near = self.to_lines(cosines, embeddings) if self.line else cosines
        margins = torch.full_like(near[:, 0], self.margin)
        if self.density:
            margins = margins * (1 - self.densities(embeddings.detach(), labels))
        own = labels[:, None]
        return F.cross_entropy(self.scale * near.scatter_add(1, own, -margins[:, None]), labels)

    def to_lines(self, cosines: Tensor, embeddings: Tensor) -> Tensor:
        """(B, K) cosines with the nearest points of the segments from `head`, with which `cosines` are, to `ends`."""
        far = self.ends(embeddings)
        across = (F.normalize(self.head.weight) * F.normalize(self.ends.weight)).sum(1)
        # |b - a|^2 = 2 - 2 <a, b> and <x - a, b - a> = <x, b> - <x, a> - <a, b> + 1
        t = ((far - cosines + 1 - across) / (2 - 2 * across).clamp_min(1e-6)).clamp(0, 1)
        length = ((1 - t).square() + t.square() + 2 * t * (1 - t) * across).clamp_min(1e-6).sqrt()
        return ((1 - t) * cosines + t * far) / length

    def densities(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """rho (B,) in [0, 1]; 0 for an image that is alone of its class."""
        same, _ = same_and_different(labels)
        pairs = between(embeddings, embeddings).to(embeddings.dtype).masked_fill(~same, -torch.inf)
        nearest = pairs.topk(min(self.neighbours, len(labels))).values
        there = nearest > -torch.inf
        mean = nearest.where(there, 0.0).sum(1) / there.sum(1).clamp_min(1)
        several = there.any(1)
        if not several.any():
            return torch.zeros_like(mean)
        low, high = mean[several].min(), mean[several].max()
        return ((mean - low) / (high - low).clamp_min(1e-6)).where(several, 0.0)
