"""Barlow Twins with several heads and, for each pair of dimensions, a temperature that depends on the pair."""

from pipeline.contract import Context, Tensor, setting
from pipeline.methods.joint_embedding.barlow_twins import BarlowTwins
from pipeline.ops.adaptive_heads import AdaptiveCorrelation, Heads, by_head


class AMCLBarlowTwins(BarlowTwins):
    """Table 2, equation 2.3, over heads c = 1..C and dimensions l, m of the embeddings of the two views:

    sum_c sum_l (1 - C_ll/tau_l+)^2 + lambda sum_{l != m} C_lm^2/tau_lm- + beta sum_l Omega(tau_l+)
    - beta sum_{l != m} Omega(tau_lm-), tau and Omega as in `amcl_simclr`.

    eta is `lowest`, iota `span`. One head, span 0 and beta 0 are Barlow Twins. As there, the paper's text was not
    at hand, and its public code lacks this loss: what phi is for vectors over a batch, d (here the number of
    dimensions) and the defaults, with which temperatures begin near 1, are choices here. Omega has D^2 terms: at
    the 0.1 that the code has for contrast it swamps the rest, hence a smaller beta.
    """

    paper = "amcl"
    training_only = ("projector", "adaptive")
    heads: int = setting(3, unit="heads", low=1)
    lowest: float = setting(0.1, unit="correlation", low=1e-3)
    span: float = setting(1.9, unit="correlation", low=0.0)
    beta: float = setting(0.001, low=0.0)

    def build(self, context: Context) -> None:
        heads = []
        for _ in range(self.heads):
            super().build(context)
            heads.append(self.projector)
        self.projector = Heads(heads)
        self.adaptive = AdaptiveCorrelation(self.lowest, self.span, self.beta)

    def objective(self, *z: Tensor) -> Tensor:
        loss: Tensor = self.adaptive(*(by_head(view, self.heads) for view in z), self.off_diagonal_weight)
        return loss
