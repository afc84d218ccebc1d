"""A small network turns each query into a further, made-up positive that must also find the key."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.momentum_contrast import MomentumContrast
from pipeline.ops.heads import mlp


class Hallucinator(MomentumContrast):
    """L = InfoNCE(q, k) + `weight` InfoNCE(h, k), h = H(q~) / |H(q~)|, q~ = q + l (q - k), l ~ U(0, `reach`).

    The text of the paper was not at hand. The abstract says that positives are made up in feature space,
    differentiably and nearly for free, that their mutual information with the other view is reduced, and that
    non-linear operations smooth them; that the first is an extrapolation of one view's feature away from the
    other's, and the second a small perceptron, is from a summary. The rest is a choice here: l is drawn for each
    image, H has one hidden ReLU layer as wide as q, is trained with the rest and is dropped afterwards; h meets
    the same negatives as q, and both losses weigh the same. Weight 0 is MoCo v2.
    """

    paper = "hallucinator"
    training_only = ("projector", "key_encoder", "queue", "hallucinator")
    reach: float = setting(1.0, unit="distances from key to query", low=0.0)
    weight: float = setting(1.0, low=0.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.hallucinator = mlp([self.projection_dim] * 3)

    def contrast(self, q: Tensor, k: Tensor) -> Tensor:
        beyond = self.reach * torch.rand(len(q), 1, device=q.device)
        h = F.normalize(self.hallucinator(q + beyond * (q - k)).float())
        return super().contrast(q, k) + self.weight * super().contrast(h, k)
