"""SimCLR with several projection heads and, for each pair, a temperature that depends on the pair."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, setting, torch
from pipeline.methods.joint_embedding import JointEmbedding
from pipeline.ops.adaptive_heads import AdaptiveContrast, Heads, by_head
from pipeline.ops.heads import mlp


class AMCLSimCLR(JointEmbedding):
    """Table 2, equation 2.1, with table 1's sum for its maximum; over heads c = 1..C, mean over the 2B anchors i:

    sum_c -t(z_i, z_i+) + log sum_n exp t(z_i, z_in-), t = sim/tau - beta Omega(tau), n over the other images' views,

    tau = iota / (1 + exp(phi(z).phi(z'))) + eta of the pair, Omega(tau) = (d/2) log tau + 1/tau, d the width of z.
    eta is `temperature`, iota `span`. Table 2 has max_n for the log-sum-exp that it approximates; alone, that lets
    all embeddings fall together within a few hundred steps. One head and span 0 are DCL, the base of table 1.

    The tables and modules are read in the public code, which has three heads, beta 0.1 and an upper bound of 2; the
    text of the paper was not at hand. The code's lower bound, 1e-5, lets a pair weigh 10^5 times another; here it
    is the temperature of the base method.
    """

    paper = "amcl"
    training_only = ("projector", "adaptive")
    heads: int = setting(3, unit="heads", low=1)
    temperature: float = setting(0.1, unit="cosine", low=1e-3)
    span: float = setting(1.9, unit="cosine", low=0.0)
    beta: float = setting(0.1, low=0.0)

    def build(self, context: Context) -> None:
        widths = [context.feature_dim, self.projection_hidden, self.projection_dim]
        self.projector = Heads(mlp(widths) for _ in range(self.heads))
        self.adaptive = AdaptiveContrast(self.projection_dim, self.temperature, self.span, self.beta)

    def objective(self, *z: Tensor) -> Tensor:
        z1, z2 = (F.normalize(by_head(view, self.heads), dim=2) for view in z)
        own_image = torch.eye(z1.shape[1], dtype=torch.bool, device=z1.device).repeat(2, 2)
        both = torch.cat([z1, z2], 1)
        loss: Tensor = self.adaptive(both, torch.cat([z2, z1], 1), both, own_image)
        return loss
