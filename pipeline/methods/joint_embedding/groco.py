"""Sorting an anchor's similarities, softly, must put the other views of its image above its nearest negatives."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.joint_embedding import SeveralViews
from pipeline.ops.heads import mlp
from pipeline.ops.sorting import soft_sort


class GroCo(SeveralViews):
    """Binary cross-entropy of each element's mass in the block of positive ranks, against whether it is a positive.

    Per anchor the `nearest` largest cosines with other images in the anchor's own view and the cosines with the other
    views of its image, each group ascending, are sorted by an odd-even network of Cauchy comparisons; the mass is a
    row's sum over the last ranks of the permutation matrix, and the two blocks of a row sum to 1, so that the
    negatives' cross-entropy in the public code repeats the positives'. Mean over elements and anchors, every view
    being an anchor. Gradient reaches the anchor only, as in the code. The head has three layers, all batch normalised,
    the last without scale and shift, as the code's, but the family's widths, where that has 2048; without the
    normalisation all embeddings fall into one. Of a batch with fewer negatives than `nearest`, all are taken.
    """

    paper = "groco"
    nearest: int = setting(10, unit="negatives", low=1)
    steepness: float = setting(1.0, unit="per cosine", low=1e-6)

    def build(self, context: Context) -> None:
        widths = [context.feature_dim, self.projection_hidden, self.projection_hidden, self.projection_dim]
        self.projector = mlp(widths, batch_norm=True, last_batch_norm=True, last_affine=False)

    def objective(self, *z: Tensor) -> Tensor:
        u = F.normalize(torch.stack(z).float(), dim=2)
        views, size, _ = u.shape
        others = u.detach()
        itself = torch.eye(size, dtype=torch.bool, device=u.device)
        negatives = (u @ others.mT).float().masked_fill(itself, -torch.inf)
        negatives = negatives.topk(min(self.nearest, size - 1), dim=2).values.flip(2)
        # (N, B, N - 1): of anchor view and image, the cosines with the views that follow it round the circle
        positives = torch.stack([(u * others.roll(-step, 0)).sum(2) for step in range(1, views)], 2).sort(2).values
        _, permutation = soft_sort(torch.cat([negatives, positives], 2).flatten(0, 1), self.steepness)
        count = negatives.shape[2]
        mass = permutation[:, :, count:].sum(2).clamp(1e-6, 1 - 1e-6)
        right = torch.cat([1 - mass[:, :count], mass[:, count:]], 1)
        return -right.log().mean()
