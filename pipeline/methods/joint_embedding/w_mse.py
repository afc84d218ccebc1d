"""The two views' embeddings must agree after whitening, which keeps them from collapsing."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.heads import mlp
from pipeline.ops.whitening import whitened


class WMSE(JointEmbedding):
    """Equation 4 for two views: mean of |v/|v| - v'/|v'||^2 = 2 - 2 cos(v, v'), v = L^-1 (z - mean), L L^T = cov(z).

    Mean and covariance are those of one view's embeddings in a random sub-batch, the same images in both views. The
    division is drawn `iterations` times and the loss averaged. The public code shrinks the covariance to
    (1 - epsilon) cov + epsilon I, by default not at all. The paper takes sub-batches twice as large as the embedding
    is wide, 64 on CIFAR-10; a batch that is no multiple leaves a few images out of a division. Views of one size
    share batch statistics in the encoder, where the public code passes them one at a time.
    """

    paper = "w_mse"
    # else the covariance of a sub-batch is singular
    requires = ("epsilon > 0 or batch_size // max(1, batch_size // sub_batch) > projection_dim",)
    projection_hidden: int = setting(1024, unit="units", low=1)
    projection_dim: int = setting(64, unit="units", low=1)
    sub_batch: int = setting(128, unit="images", low=2)
    iterations: int = setting(1, unit="iterations", low=1)
    epsilon: float = setting(0.0, low=0.0, high=1.0)

    def build(self, context: Context) -> None:
        self.projector = mlp([context.feature_dim, self.projection_hidden, self.projection_dim], batch_norm=True)

    def objective(self, *z: Tensor) -> Tensor:
        size = len(z[0])
        groups = max(1, size // self.sub_batch)
        order = torch.rand(self.iterations, size).argsort(1)[:, : size // groups * groups]
        images = order.reshape(self.iterations * groups, -1).to(z[0].device)
        first, second = (whitened(view.float()[images], self.epsilon) for view in z)
        return 2 - 2 * F.cosine_similarity(first, second, dim=2).mean()
