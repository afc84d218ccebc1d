"""Each class verifies on its own whether an image is its own, with one threshold for all, and none competes."""

import math

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.embedding import ClassCentres


class SphereFace2(ClassCentres):
    """L = w/r mean_i [lambda log(1 + e^{-r (g(cos_y) - m) - b})
    + (1 - lambda) sum_{j != y} log(1 + e^{r (g(cos_j) + m) + b})].

    g(c) = 2 ((c + 1) / 2)^t - 1 spreads the cosines that occur; b is learned, one for all classes, and starts where
    positive and negative gradients are balanced at a cosine of 0. lambda = 0.7, r = 40, m = 0.4, t = 3 and w = 50 are
    the defaults of the authors' code; this is its margin in cosine (SphereFace2-C), those in angle are not here.

    As in their code, margin and g enter values alone: a logit's gradient with respect to its cosine is r. `detached`
    off gives the formula's own. They project directions to the unit sphere at every step, where ours are divided by
    their lengths.
    """

    paper = "sphere_face2"
    requires = ("num_classes > 1",)

    positive_share: float = setting(0.7, unit="weight", low=1e-3, high=0.999)
    radius: float = setting(40.0, unit="logits per cosine", low=1e-3)
    margin: float = setting(0.4, unit="cosine", low=0.0, high=2.0)
    steepness: float = setting(3.0, unit="power", low=1e-3)
    weight: float = setting(50.0, low=0.0)
    detached: bool = setting(True)

    def build(self, context: Context) -> None:
        super().build(context)
        self.threshold = nn.Parameter(torch.tensor(self.balanced(context.num_classes)))

    def balanced(self, classes: int) -> float:
        """The b at which lambda sigma(-(r (g(0) - m) + b)) = (1 - lambda) (K - 1) sigma(r (g(0) + m) + b)."""
        z = self.positive_share / ((1 - self.positive_share) * (classes - 1))
        at_zero = 2 * 0.5**self.steepness - 1
        far = self.radius * (at_zero + self.margin)
        root = math.sqrt((1 - z) ** 2 + 4 * z * math.exp(-2 * self.radius * self.margin))
        if z < 1:
            return math.log(2 * z) - math.log(1 - z + root) - far
        # the same, where 1 - z + root would lose its digits
        return math.log(z - 1 + root) - math.log(2) + 2 * self.radius * self.margin - far

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        own = F.one_hot(labels, cosines.shape[1]).to(cosines.dtype)
        similar = 2 * ((cosines + 1) / 2).clamp(0, 1) ** self.steepness - 1 - self.margin * (2 * own - 1)
        if self.detached:
            similar = cosines + (similar - cosines).detach()
        share = self.positive_share
        weights = self.weight / self.radius * (share * own + (1 - share) * (1 - own))
        logits = self.radius * similar + self.threshold
        loss = F.binary_cross_entropy_with_logits(logits, own, weight=weights, reduction="sum")
        return loss / len(labels)
