"""k-means of an episode's queries in which a query wants the class that its neighbours have."""

from collections.abc import Mapping
from typing import ClassVar

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot import Transductive
from pipeline.ops.prototypes import means, nearest, smoothed, squared_distances


class SLKMeans(Transductive):
    """Least sum_p s_p.a_p - lam/2 sum_pq w_pq s_p.s_q, a_pk = |x_p - m_k|^2: s by bounds, then m by labels.

    Inner steps are s_p <- softmax(-a_p + lam sum_q w_pq s_q); w_pq is 1 where q is one of p's nearest points. The
    authors' code counts a point among its own three neighbours, so that two are left. lam is chosen on validation
    classes where it is negative, as in the paper; at 0 this is k-means. The support keeps its labels, as the text says:
    in the code an inner step may change them. Inner steps end when assignments settle and outer ones when no label
    changes; in the code, when the energy does not.
    """

    paper = "slk_few_shot"
    candidates: ClassVar[Mapping[str, tuple[float, ...]]] = {"lam": (0.05, 0.1, 0.3, 0.5, 0.7, 0.8, 0.9, 1.0)}
    lam: float = setting(-1.0, unit="weight, negative to choose it", low=-1.0)
    neighbours: int = setting(2, unit="points beside itself", low=1)
    steps: int = setting(100, unit="inner steps at most", low=1)
    rounds: int = setting(20, unit="outer steps at most", low=1)

    def assign(self, support: Tensor, known: Tensor, queries: Tensor) -> Tensor:
        points = torch.cat([support, queries], 1)
        graph = nearest(queries, points, self.neighbours, support.shape[1])
        prototypes = means(support, known)
        labels = squared_distances(queries, prototypes).argmin(2)
        scores = known.new_zeros(*labels.shape, known.shape[2])
        # episodes whose labels still change
        active = torch.arange(len(labels), device=labels.device)
        for _ in range(self.rounds):
            own = torch.zeros_like(scores[active]).scatter_(2, labels[active, :, None], 1.0)
            members = torch.cat([known[active], own], 1)
            prototypes[active] = self.prototypes(points[active], members, prototypes[active], active)
            costs = self.costs(queries[active], prototypes[active], active)
            scores[active] = smoothed(costs, known[active], graph[active], self.lam, self.steps)
            moved = (scores[active].argmax(2) != labels[active]).any(1)
            labels[active] = scores[active].argmax(2)
            active = active[moved]
            if not len(active):
                break
        return scores

    def prototypes(self, points: Tensor, members: Tensor, before: Tensor, which: Tensor) -> Tensor:
        """(e, K, D) of points (e, N, D) with hard labels (e, N, K), given those before, of episodes `which` (e,)."""
        return means(points, members)

    def costs(self, queries: Tensor, prototypes: Tensor, which: Tensor) -> Tensor:
        """a (e, Q, K)."""
        return squared_distances(queries, prototypes)
