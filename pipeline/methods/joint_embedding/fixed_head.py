"""SimCLR whose head is not learned: it weights features unequally, so that the encoder itself need not."""

from pipeline.contract import Context, Tensor, nn, setting, torch
from pipeline.methods.joint_embedding.simclr import SimCLR


class FixedHead(SimCLR):
    """z_i = f_i / kappa^i for the features f_i, i = 0, 1, ..., in NT-Xent; evaluation takes f.

    The paper holds that learned heads help because their weights grow more unequal than the features below them. The
    decay and the default are those of its public code, which uses 2048 features and supervised losses;
    kappa = 1 is SimCLR without a head. The sizes of SimCLR's head are not used.
    """

    paper = "projection_head"
    kappa: float = setting(1.05, low=1.0)

    def build(self, context: Context) -> None:
        self.projector = Decay(context.feature_dim, self.kappa)


class Decay(nn.Module):
    weights: Tensor

    def __init__(self, dim: int, kappa: float) -> None:
        super().__init__()
        self.register_buffer("weights", kappa ** -torch.arange(float(dim)))

    def forward(self, features: Tensor) -> Tensor:
        return features.float() * self.weights
