"""Class vectors are found once, nearly at right angles to each other, and never trained; features move to them."""

import math

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.convergence import not_converged


class EBV(Classifier):
    """L = -log softmax_y(cos(f(x), w_k) / tau) with unit vectors w_k in R^d, |cos(w_i, w_j)| <= alpha, held fixed.

    f is the encoder and a trained linear layer to d dimensions, in the authors' code the network's last layer. d is
    theirs for ImageNet, as many as classes (0 here); they also try from a tenth of that to twice. tau = 0.07 and
    alpha = 0.002 are those of their code. The representation that evaluation measures is f.

    They find the vectors by gradient descent on sum_ij (|cos(w_i, w_j)| - alpha)_+ from random ones, in up to 100,000
    steps. Here the hinges are squared, with larger steps, which takes tens; only the bound matters, to 1e-4 as there.
    For K > d no set reaches less than sqrt((K - d) / (d (K - 1))) (Welch 1974); there alpha is at least 1.3 times
    this, which still can be reached.
    """

    paper = "ebv"
    alpha: float = setting(0.002, unit="cosine", low=0.0, high=1.0)
    temperature: float = setting(0.07, unit="cosine per logit (tau)", low=1e-3)
    dim: int = setting(0, unit="dimensions, 0 for as many as classes", low=0)

    vectors: Tensor

    def build(self, context: Context) -> None:
        dim = self.dim or context.num_classes
        self.head = nn.Linear(context.feature_dim, dim)
        self.register_buffer("vectors", equiangular(context.num_classes, dim, self.alpha))

    def logits(self, features: Tensor) -> Tensor:
        return F.linear(F.normalize(self.head(features)), self.vectors) / self.temperature

    def features(self, images: Tensor) -> Tensor:
        embedded: Tensor = self.head(self.encoder(images))
        return embedded

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)


@torch.no_grad()
def equiangular(count: int, dim: int, alpha: float, steps: int = 1000) -> Tensor:
    """(count, dim) unit vectors of which no two have a cosine beyond +-alpha, or 1.3 times what is possible.

    From torch's global generator. Warns (NotConverged) where `steps` do not reach it.
    """
    bound = max(alpha, 1.3 * math.sqrt(max(0, count - dim) / max(1, dim * (count - 1))))
    vectors = F.normalize(torch.randn(count, dim))
    for _ in range(steps):
        cosines = vectors @ vectors.T
        excess = (cosines.fill_diagonal_(0).abs() - bound).clamp_min(0)
        if excess.max() <= 1e-4:
            break
        vectors = F.normalize(vectors - 0.4 * (cosines.sign() * excess) @ vectors)
    else:
        not_converged("the search for class vectors", steps, f"two are {float(excess.max()):.1e} beyond the bound")
    return vectors
