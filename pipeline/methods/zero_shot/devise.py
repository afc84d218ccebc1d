"""Features are mapped linearly to where their class's attributes lie, by a ranking loss against all other classes."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting
from pipeline.methods.zero_shot import ZeroShot


class DeViSE(ZeroShot):
    """L = sum_{c != y} [m - a_y^T M x + a_c^T M x]_+ over seen classes, attributes of unit length (Frome et al. 2013,
    equation 1), averaged over the batch; the score of class c is a_c^T M x. m = 0.1.

    Ours: attributes take the place of word vectors, the sum is over all classes where the paper stops at the first that
    violates the margin, and the features stay as they are. No paper of the catalogue is its source.
    """

    paper = ""
    margin: float = setting(0.1, low=0.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.map = nn.Linear(self.width, self.attributes.shape[1], bias=False)

    def objective(self, features: Tensor, labels: Tensor) -> Tensor:
        scores = self.logits(features)[:, : self.known]
        right = scores.gather(1, labels[:, None])
        # the right class itself always adds the margin
        return (self.margin - right + scores).relu().sum(1).mean() - self.margin

    def logits(self, features: Tensor) -> Tensor:
        mapped: Tensor = self.map(features)
        return mapped @ F.normalize(self.attributes).T
