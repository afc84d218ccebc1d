"""BADGE: a batch that is uncertain and diverse at once, by k-means++ in the space of the last layer's gradients."""

from pipeline.contract import Tensor, torch
from pipeline.methods.acquisition import Acquisition, Pool


class BADGE(Acquisition):
    """Rows seeded by k-means++ over g = (p - e_y) h^T, y the predicted class (Ash et al. 2020, algorithm 1).

    g is the gradient of cross-entropy in the last layer's weights if the prediction were right: long where the learner
    is unsure. Each row is drawn in proportion to its squared distance from those before it. Where k-means++ draws the
    first one alike from all, the authors' code takes the longest gradient, and so does this. |g - g'|^2 is found
    without the outer products, from |a h^T - b f^T|^2 = |a|^2 |h|^2 + |b|^2 |f|^2 - 2 (a . b) (h . f).
    """

    paper = "badge"

    def choose(self, pool: Pool, count: int, generator: torch.Generator) -> Tensor:
        unlabelled = pool.unlabelled
        h, p = pool.features[unlabelled].double(), pool.probabilities[unlabelled]
        a = p - torch.eye(p.shape[1], dtype=p.dtype, device=p.device)[p.argmax(1)]
        squares = a.square().sum(1) * h.square().sum(1)
        chosen = [int(squares.argmax())]
        nearest = torch.full_like(squares, float("inf"))
        while len(chosen) < count:
            last = chosen[-1]
            distance = squares + squares[last] - 2 * (a @ a[last]) * (h @ h[last])
            nearest = torch.minimum(nearest, distance.clamp_min(0))
            nearest[chosen] = 0.0
            weights = nearest.cpu()
            if not bool(weights.sum() > 0):  # no more gradients that differ
                weights = torch.ones_like(weights)
                weights[chosen] = 0.0
            chosen.append(int(torch.multinomial(weights, 1, generator=generator)))
        return unlabelled[torch.tensor(chosen, device=unlabelled.device)]
