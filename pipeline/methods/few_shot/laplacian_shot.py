"""Queries take the class of a near prototype that their neighbours take too."""

from collections.abc import Mapping
from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot import Transductive
from pipeline.ops.prototypes import means, nearest, smoothed, squared_distances


class LaplacianShot(Transductive):
    """s_p <- softmax(-a_p + lam sum_q w_pq s_q), a_pk = |x_p - m_k|^2, w_pq = 1 for p's nearest (algorithm 1).

    Prototypes are fixed and rectified first: the mean of support and queries, each in the class of its nearest mean by
    cosine, times its softmax over classes of `sharpness` times the cosines. As in the authors' code that is divided by
    the number of points and not by the sum of these weights, so that a prototype in doubt is nearer to the origin;
    there a labelled image may change its class, here it keeps it. The code's three neighbours have the point itself
    among them. lam is chosen on validation classes where it is negative.
    """

    paper = "laplacian_shot"
    candidates: ClassVar[Mapping[str, tuple[float, ...]]] = {"lam": (0.1, 0.3, 0.5, 0.7, 0.8, 1.0, 1.2, 1.5)}
    lam: float = setting(-1.0, unit="weight, negative to choose it", low=-1.0)
    neighbours: int = setting(2, unit="queries beside itself", low=1)
    steps: int = setting(20, low=1)
    sharpness: float = setting(10.0, low=0.0)
    rectified: bool = setting(True)

    def assign(self, support: Tensor, known: Tensor, queries: Tensor) -> Tensor:
        prototypes = means(support, known)
        if self.rectified:
            prototypes = self.rectify(support, known, queries, prototypes)
        graph = nearest(queries, queries, self.neighbours)
        return smoothed(squared_distances(queries, prototypes), known[:, :0], graph, self.lam, self.steps)

    def rectify(self, support: Tensor, known: Tensor, queries: Tensor, prototypes: Tensor) -> Tensor:
        points = torch.cat([support, queries], 1)
        cosines = F.normalize(points, dim=2) @ F.normalize(prototypes, dim=2).mT
        members = torch.zeros_like(cosines).scatter_(2, cosines.argmax(2, keepdim=True), 1.0)
        members[:, : support.shape[1]] = known
        weights = (self.sharpness * cosines).softmax(2)
        own = (weights * members).sum(2, keepdim=True)
        return means(own * points, members)
