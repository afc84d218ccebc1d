"""MoCo v2 with several projection heads and, for each pair, a temperature that depends on the pair."""

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, nn, setting
from pipeline.methods.momentum_contrast import MomentumContrast
from pipeline.ops.adaptive_heads import AdaptiveContrast, Heads, by_head
from pipeline.ops.queue import Queue


class AMCLMoCo(MomentumContrast):
    """The loss of `amcl_simclr` (table 2, equation 2.1), as changed there, with q as z, k as z+, the queue as z-.

    q and k are the heads' unit vectors side by side, (B, C * D), and so are the queue's. phi sees queries and keys
    alike; the keys have no gradient through it either.
    """

    paper = "amcl"
    training_only = ("projector", "key_encoder", "queue", "adaptive")
    heads: int = setting(3, unit="heads", low=1)
    span: float = setting(1.9, unit="cosine", low=0.0)
    beta: float = setting(0.1, low=0.0)

    def build(self, context: Context) -> None:
        super().build(context)
        self.queue = Queue(self.queue_length, self.heads * self.projection_dim)
        self.queue.items.copy_(self.unit(self.queue.items))
        self.adaptive = AdaptiveContrast(self.projection_dim, self.temperature, self.span, self.beta)

    def head(self, context: Context) -> nn.Module:
        return Heads(super(AMCLMoCo, self).head(context) for _ in range(self.heads))

    def unit(self, z: Tensor) -> Tensor:
        return F.normalize(by_head(z, self.heads), dim=2).transpose(0, 1).flatten(1)

    def contrast(self, q: Tensor, k: Tensor) -> Tensor:
        loss: Tensor = self.adaptive(*(by_head(z, self.heads) for z in (q, k, self.queue.items)))
        return loss
