"""k-means of an episode's queries, begun at the means of its labelled examples, which keep their labels."""

from pipeline.contract import Tensor, torch
from pipeline.methods.few_shot import Transductive
from pipeline.ops.prototypes import means, squared_distances

LIMIT = 100
"""Rounds after which it ends, as in the authors' code."""


class KMeansTransductive(Transductive):
    """Least sum_p |x_p - m_(l_p)|^2 over the queries' labels l and the classes' means m; the support's labels stay.

    By turns, until no label changes. No class can lose all its points.
    """

    paper = "slk_few_shot"

    def assign(self, support: Tensor, known: Tensor, queries: Tensor) -> Tensor:
        points = torch.cat([support, queries], 1)
        scores = -squared_distances(queries, means(support, known))
        for _ in range(LIMIT):
            labels = scores.argmax(2)
            members = torch.zeros_like(scores).scatter_(2, labels[..., None], 1.0)
            scores = -squared_distances(queries, means(points, torch.cat([known, members], 1)))
            if torch.equal(labels, scores.argmax(2)):
                break
        return scores
