"""Attributes are predicted by ridge regression on features, and the class with the nearest attributes is the answer."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.zero_shot import Fitted


class AttributeRegression(Fitted):
    """W = (X^T X + gamma N I)^-1 X^T A_y with A_y (N, A) the examples' attributes about their mean; the score of class
    c is cos(W^T x + mean, a_c). Textbook; no paper of the catalogue is its source.

    What is predicted of attributes alone knows nothing of which combinations are classes.
    """

    paper = ""
    gamma: float = setting(0.01, unit="of the number of examples", low=1.0e-9)

    weights: Tensor
    offset: Tensor

    def build(self, context: Context) -> None:
        super().build(context)
        self.register_buffer("weights", torch.zeros(self.width, self.attributes.shape[1]))
        self.register_buffer("offset", torch.zeros(self.attributes.shape[1]))

    def solve(self, features: Tensor, labels: Tensor) -> None:
        wanted = self.attributes.double()[labels]
        gram = features.T @ features / len(features) + self.gamma * torch.eye(self.width).to(features)
        self.offset.copy_(wanted.mean(0))
        self.weights.copy_(torch.linalg.solve(gram, features.T @ (wanted - wanted.mean(0)) / len(features)))

    def logits(self, features: Tensor) -> Tensor:
        return F.normalize(features @ self.weights + self.offset) @ F.normalize(self.attributes).T
