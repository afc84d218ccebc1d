"""Mixtures of an image of a proxy's class and one of another class enter both of the proxy's sums, by their labels."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.embedding.proxy_anchor import ProxyAnchor
from pipeline.ops.metric_mixing import drawn_share, mixed_cosines, one_of_each
from pipeline.ops.pairs import log_one_plus_sum
from pipeline.ops.retrieval import cosines as between


class MetrixProxyAnchor(ProxyAnchor):
    """L = L_clean + w mean_{p in P+} [log(1 + sum_v y e^{-alpha (s_pv - delta)})
    + log(1 + sum_v (1 - y) e^{alpha (s_pv + delta)})].

    A proxy p of a class in the batch is the anchor; v = y x + (1 - y) x', unit again, with x one of the batch's images
    of the class, drawn by batch, and x' each image of another. y ~ Beta(2, 2) once a batch, w = 0.4. Code has been
    published for the contrastive loss alone; this follows the text's general form.
    """

    paper = "metrix"
    weight: float = setting(0.4, low=0.0)
    concentration: float = setting(2.0, low=1e-3)
    soft: bool = setting(True)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        own = F.one_hot(labels, cosines.shape[1]).bool().T
        there = own.any(1)
        own, anchored = own[there], cosines.T[there]
        partners, share = one_of_each(own, labels[:1].expand(len(own))), drawn_share(self.concentration).to(cosines)
        mixed = mixed_cosines(anchored, partners, between(embeddings, embeddings), share)
        y = share if self.soft else share.round()
        near = log_one_plus_sum(y.log() - self.alpha * (mixed - self.delta), ~own, 1)
        far = log_one_plus_sum((1 - y).log() + self.alpha * (mixed + self.delta), ~own, 1)
        return super().centre_loss(cosines, labels, embeddings) + self.weight * (near + far).mean()
