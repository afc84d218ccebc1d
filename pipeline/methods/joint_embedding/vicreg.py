"""The two views' embeddings must agree while every dimension keeps its spread and none repeats another."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.covariance import covariance, off_diagonal_squares
from pipeline.ops.heads import mlp


class VICReg(JointEmbedding):
    """Equation 6: lambda s(Z, Z') + mu [v(Z) + v(Z')] / 2 + nu [c(Z) + c(Z')] for embeddings Z, Z' (B, D).

    v is the mean over dimensions of max(0, 1 - sqrt(Var(z^j) + 0.0001)), c the sum of squares of the covariance
    matrix off its diagonal, divided by D, and s the mean squared difference. As in the public code, s is a mean over
    the dimensions too, where the paper writes a squared distance, and the variance term has a half that the paper
    does not write. The expander has three layers, batch normalised but for the last, which has no bias.
    """

    paper = "vicreg"
    projection_hidden: int = setting(8192, unit="units", low=1)
    projection_dim: int = setting(8192, unit="units", low=1)
    invariance_weight: float = setting(25.0, low=0.0)
    variance_weight: float = setting(25.0, low=0.0)
    covariance_weight: float = setting(1.0, low=0.0)

    def build(self, context: Context) -> None:
        widths = [context.feature_dim, self.projection_hidden, self.projection_hidden, self.projection_dim]
        self.projector = mlp(widths, batch_norm=True, last_bias=False)

    def objective(self, *z: Tensor) -> Tensor:
        first, second = (view.float() for view in z)
        matrices = [covariance(view) for view in (first, second)]
        spread = sum(F.relu(1 - (matrix.diagonal() + 1e-4).sqrt()).mean() / 2 for matrix in matrices)
        redundancy = sum(off_diagonal_squares(matrix) / len(matrix) for matrix in matrices)
        invariance = F.mse_loss(first, second)
        return self.invariance_weight * invariance + self.variance_weight * spread + self.covariance_weight * redundancy
