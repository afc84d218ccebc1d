"""An image's quality is predicted from its embedding: how much nearer it is to its own class than to any other."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.embedding import ClassCentres
from pipeline.ops.margins import widened


class CRFIQA(ClassCentres):
    """L = L_ArcFace + lambda SmoothL1(q(z), CR), CR = CCS / (NNCCS + 1 + eps) without gradient.

    CCS is the cosine with the own class's direction and NNCCS the largest with another one; q is a linear unit on the
    embedding, through which its error reaches the encoder. m = 0.5, s = 64, lambda = 10 and the smooth L1's bend at 0.5
    are the authors'. Their code has CR without the 1, as `shifted` off: then an NNCCS near 0 makes it huge. The text's
    is taken. `relative` off predicts CCS alone.

    ArcFace's margin has its true gradient, as in their code; beyond pi - m it is continued as in `arcface`.
    """

    paper = "cr_fiqa"
    requires = ("num_classes > 1",)

    scale: float = setting(64.0, unit="logits per cosine", low=1e-6)
    margin: float = setting(0.5, unit="radians", low=0.0, high=1.57)
    quality_weight: float = setting(10.0, unit="weight", low=0.0)
    bend: float = setting(0.5, low=1e-6)
    relative: bool = setting(True)
    shifted: bool = setting(True)

    def build(self, context: Context) -> None:
        super().build(context)
        self.regressor = nn.Linear(context.feature_dim, 1)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        own = labels[:, None]
        target = widened(cosines.gather(1, own), self.margin)
        recognition = F.cross_entropy(self.scale * cosines.scatter(1, own, target), labels)
        wanted = self.classifiability(cosines.detach(), own)
        predicted = self.qualities(embeddings)
        return recognition + self.quality_weight * F.smooth_l1_loss(predicted, wanted, beta=self.bend)

    def classifiability(self, cosines: Tensor, own: Tensor) -> Tensor:
        """CR (B,) of cosines (B, K) and classes (B, 1)."""
        near = cosines.gather(1, own).squeeze(1)
        if not self.relative:
            return near
        nearest = cosines.scatter(1, own, -torch.inf).amax(1)
        return near / (nearest + (1 + 1e-9 if self.shifted else 0))

    def qualities(self, embeddings: Tensor) -> Tensor:
        predicted: Tensor = self.regressor(embeddings).squeeze(1)
        return predicted
