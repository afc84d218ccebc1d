"""Each dimension of the embedding must agree between the two views and be uncorrelated with all others."""

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.covariance import cross_correlation, off_diagonal_squares
from pipeline.ops.heads import mlp


class BarlowTwins(JointEmbedding):
    """Equation 1: sum_i (1 - C_ii)^2 + lambda sum_i sum_{j != i} C_ij^2, C (D, D) the views' cross-correlation.

    C (equation 2) is over the batch, of embeddings normalised in each view apart. The head has three layers, batch
    normalised but for the last, which has no bias. The paper finds wide embeddings better: 8192.
    """

    paper = "barlow_twins"
    projection_hidden: int = setting(8192, unit="units", low=1)
    projection_dim: int = setting(8192, unit="units", low=1)
    off_diagonal_weight: float = setting(0.0051, low=0.0)

    def build(self, context: Context) -> None:
        widths = [context.feature_dim, self.projection_hidden, self.projection_hidden, self.projection_dim]
        self.projector = mlp(widths, batch_norm=True, last_bias=False)

    def objective(self, *z: Tensor) -> Tensor:
        correlation = cross_correlation(*z)
        invariance = (1 - correlation.diagonal()).square().sum()
        return invariance + self.off_diagonal_weight * off_diagonal_squares(correlation)
