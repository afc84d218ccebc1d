"""The online network predicts a slowly following copy's projection of the other view; nothing is pushed apart."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.self_distillation import MomentumTarget
from pipeline.ops.heads import mlp


class BYOL(MomentumTarget):
    """Equation 2: |q(z)/|q(z)| - z'/|z'||^2 = 2 - 2 <q(z), z'> / (|q(z)| |z'|), mean over images and both directions.

    q is the predictor, z' the target network's projection. The paper adds the directions, which is twice this.
    Projector and predictor have one hidden layer, batch normalised; as in the public code, their last layers have
    no bias. The public code starts the target network from a random draw of its own, and reports that a copy of the
    online one does as well; it is a copy here. Its momentum is 0.996 for 1000 epochs and 0.99 for 300 and 100.
    """

    paper = "byol"
    projection_hidden: int = setting(4096, unit="units", low=1)
    projection_dim: int = setting(256, unit="units", low=1)
    predictor_hidden: int = setting(4096, unit="units", low=1)

    def build(self, context: Context) -> None:
        z, hidden = self.projection_dim, self.projection_hidden
        self.projector = mlp([context.feature_dim, hidden, z], batch_norm=True, last_bias=False)
        self.predictor = mlp([z, self.predictor_hidden, z], batch_norm=True, last_bias=False)
        super().build(context)

    def compare(self, prediction: Tensor, target: Tensor) -> Tensor:
        return 2 - 2 * F.cosine_similarity(prediction, target, dim=1).mean()
