"""Each similarity is pushed as hard as it is far from its optimum, so that pairs settle on a circle: with classes."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.embedding import ClassCentres
from pipeline.methods.embedding.circle_pair import circle_exponents


class CircleClass(ClassCentres):
    """`circle_pair` where s_p is the cosine with the own class's direction and s_n are those with the others (K = 1).

    m = 0.25 and gamma = 256 are the paper's for faces. With a_p = a_n = 1, `weighted` off, it is CosFace's loss with a
    margin of 1 - 2 m and a scale of gamma.
    """

    paper = "circle_loss"
    margin: float = setting(0.25, unit="cosine", low=0.0, high=1.0)
    gamma: float = setting(256.0, unit="per cosine", low=1e-3)
    weighted: bool = setting(True)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        near, far = circle_exponents(cosines, self.margin, self.gamma, self.weighted)
        own = labels[:, None]
        others = far.scatter(1, own, -torch.inf).logsumexp(1)
        return F.softplus(near.gather(1, own).squeeze(1) + others).mean()
