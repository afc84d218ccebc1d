"""Each similarity is pushed as hard as it is far from its optimum, so that pairs settle on a circle: between images."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding import Embedding
from pipeline.ops.pairs import same_and_different


class CirclePair(Embedding):
    """Equation 6: L = log[1 + sum_j e^{gamma a_n (s_n - m)} sum_i e^{-gamma a_p (s_p - (1 - m))}] of each anchor.

    a_p = [1 + m - s_p]_+ and a_n = [s_n + m]_+ without gradient. s_p are the anchor's cosines with its class, s_n those
    with others; the mean is over anchors that have both. m = 0.4 and gamma = 80 are the paper's for fine-grained
    retrieval. Without `weighted` a_p = a_n = 1: the decision boundary is a line.
    """

    paper = "circle_loss"
    margin: float = setting(0.4, unit="cosine", low=0.0, high=1.0)
    gamma: float = setting(80.0, unit="per cosine", low=1e-3)
    weighted: bool = setting(True)

    def cosine_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        same, different = same_and_different(labels)
        both = same.any(1) & different.any(1)
        if not both.any():
            return 0.0 * cosines.sum()
        cosines, same, different = cosines[both], same[both], different[both]
        near, far = circle_exponents(cosines, self.margin, self.gamma, self.weighted)
        near = near.masked_fill(~same, -torch.inf).logsumexp(1)
        return F.softplus(near + far.masked_fill(~different, -torch.inf).logsumexp(1)).mean()


def circle_exponents(cosines: Tensor, margin: float, gamma: float, weighted: bool) -> tuple[Tensor, Tensor]:
    """The exponents of cosines as similarities within a class, and as those between classes."""
    fixed = cosines.detach()
    within = (1 + margin - fixed).clamp_min(0) if weighted else torch.ones_like(fixed)
    between = (fixed + margin).clamp_min(0) if weighted else within
    return -gamma * within * (cosines - (1 - margin)), gamma * between * (cosines - margin)
