"""A new classifier by cosines for each episode, fitted to its few labelled examples on frozen features."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot import Frozen, class_means


class BaselinePP(Frozen):
    """L = mean CE(scale cos(x_i, w_c), y_i) over the support, and decay / 2 |W|^2; gradient descent on W.

    The paper's head and number of steps (section 3.2, code: scale 2, SGD at 0.01 with momentum, W at random, batches of
    4). Here steps are of the whole support and start at the class means at unit length, so that nothing is drawn; at
    0 steps it is the nearest mean by cosine. It builds on an encoder that was trained with such a head.
    """

    paper = "closer_look"
    scale: float = setting(2.0, low=1e-3)
    steps: int = setting(100, low=0)
    rate: float = setting(0.1, low=0.0)
    momentum: float = setting(0.9, low=0.0, high=1.0)
    decay: float = setting(0.001, low=0.0)

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        points, asked = F.normalize(support, dim=2), F.normalize(queries, dim=2)
        weights = F.normalize(class_means(support, labels), dim=2)
        moved = torch.zeros_like(weights)
        for _ in range(self.steps):
            moved = self.momentum * moved + self.gradient(weights, points, labels)
            weights = weights - self.rate * moved
        return self.scale * asked @ F.normalize(weights, dim=2).mT

    def gradient(self, weights: Tensor, points: Tensor, labels: Tensor) -> Tensor:
        """(E, K, D) of the loss with respect to W (E, K, D), given unit points (E, N, D)."""
        with torch.enable_grad():
            free = weights.detach().requires_grad_()
            cosines = points @ F.normalize(free, dim=2).mT
            # every episode's own mean, so that none is moved by how many there are
            loss = F.cross_entropy(self.scale * cosines.flatten(0, 1), labels.flatten(), reduction="sum")
            (found,) = torch.autograd.grad(loss / labels.shape[1], free)
        return found + self.decay * weights
