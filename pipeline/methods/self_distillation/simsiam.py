"""Each view predicts the other's projection by the same network, through which no gradient flows back."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.self_distillation import SelfDistillation
from pipeline.ops.heads import mlp


class SimSiam(SelfDistillation):
    """Equation 4: L = D(p1, stopgrad(z2)) / 2 + D(p2, stopgrad(z1)) / 2, D(p, z) = -<p, z> / (|p| |z|), p = h(z).

    The projector has three layers, all batch normalised, the last, as in the public code, without scale and shift.
    The predictor h is a bottleneck, a quarter as wide as z. On CIFAR-10 the paper's projector has two layers. The
    paper keeps the predictor's learning rate constant; here it follows the study's schedule like everything else.
    """

    paper = "simsiam"
    projection_hidden: int = setting(2048, unit="units", low=1)
    projection_dim: int = setting(2048, unit="units", low=1)
    predictor_hidden: int = setting(512, unit="units", low=1)

    def build(self, context: Context) -> None:
        widths = [context.feature_dim, self.projection_hidden, self.projection_hidden, self.projection_dim]
        self.projector = mlp(widths, batch_norm=True, last_batch_norm=True, last_affine=False)
        self.predictor = mlp([self.projection_dim, self.predictor_hidden, self.projection_dim], batch_norm=True)

    def compare(self, prediction: Tensor, target: Tensor) -> Tensor:
        return -F.cosine_similarity(prediction, target, dim=1).mean()
