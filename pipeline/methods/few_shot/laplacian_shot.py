"""Queries take the class of a near prototype that their neighbours take too."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot import Transductive
from pipeline.methods.few_shot.slk_means import SLKMeans
from pipeline.ops.prototypes import means, nearest, smoothed, squared_distances


class LaplacianShot(Transductive):
    """s_p <- softmax(-a_p + lam sum_q w_pq s_q), a_pk = |x_p - m_k|^2, w_pq = 1 for p's nearest (algorithm 1).

    Prototypes are fixed and rectified first: means of support and queries, each in the class of its nearest mean by
    cosine, with weights softmax over classes of `sharpness` times the cosines. lam is chosen on validation
    classes where it is negative.
    """

    paper = "laplacian_shot"
    candidates = SLKMeans.candidates
    lam: float = setting(-1.0, unit="weight, negative to choose it", low=-1.0)
    neighbours: int = setting(3, unit="queries beside itself", low=1)
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
        nearest_to = cosines.argmax(2, keepdim=True)
        members = torch.zeros_like(cosines).scatter_(2, nearest_to, 1.0)
        members[:, : support.shape[1]] = known
        return means(points, members * (self.sharpness * cosines).softmax(2))
