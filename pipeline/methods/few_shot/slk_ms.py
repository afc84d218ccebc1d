"""SLK with modes in place of means: each class stands where its points are densest."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot.slk_means import SLKMeans
from pipeline.ops.prototypes import means, nearest, squared_distances

STILL = 1e-3
"""Modes that move by a smaller part of sigma have been found."""


class SLKMS(SLKMeans):
    """a_pk = -exp(-|x_p - m_k|^2 / (2 sigma^2)), m_k a mode of class k's points by mean shift; the rest as SLK-means.

    Mean shift is m <- sum_p g_p x_p / sum_p g_p with g_p = exp(-|x_p - m|^2 / (2 sigma^2)), begun at the mode before,
    and at the support's mean at first. sigma^2 is `bandwidth` times the mean squared distance of neighbours;
    the authors' code divides their sum by five times the number of points, of which each has two, so 0.4. A round ends
    when its modes have moved by less than a thousandth of sigma (code: 1e-5 of the largest coordinate), or after
    `shifts` steps, from which the next round goes on.
    """

    paper = "slk_few_shot"
    bandwidth: float = setting(0.4, unit="of the mean squared distance of neighbours", low=1e-3)
    shifts: int = setting(30, unit="steps of mean shift a round at most", low=1)

    def assign(self, support: Tensor, known: Tensor, queries: Tensor) -> Tensor:
        points = torch.cat([support, queries], 1)
        apart = squared_distances(points, points)
        near = apart.gather(2, nearest(points, points, self.neighbours))
        self.variance = self.bandwidth * near.mean((1, 2))[:, None, None].clamp_min(1e-12)
        return super().assign(support, known, queries)

    def prototypes(self, points: Tensor, members: Tensor, before: Tensor, which: Tensor) -> Tensor:
        modes, variance = before, self.variance[which]
        active = torch.ones(len(points), 1, 1, dtype=torch.bool, device=points.device)
        for _ in range(self.shifts):
            # the nearest point's weight is 1: far from all points every weight would round to 0
            apart = squared_distances(points, modes).masked_fill(members == 0, torch.inf)
            shifted = means(points, ((apart.amin(1, keepdim=True) - apart) / (2 * variance)).exp())
            # an episode whose modes are found keeps them, so that it is the same whatever others there are
            far = (shifted - modes).square().sum(2, keepdim=True).amax(1, keepdim=True) > STILL**2 * variance
            modes = torch.where(active, shifted, modes)
            active = active & far
            if not active.any():
                break
        return modes

    def costs(self, queries: Tensor, prototypes: Tensor, which: Tensor) -> Tensor:
        return -(-squared_distances(queries, prototypes) / (2 * self.variance[which])).exp()
