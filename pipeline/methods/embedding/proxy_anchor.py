"""Each class's proxy is an anchor that takes the whole batch into account, hard images more than easy ones."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting
from pipeline.methods.embedding import ClassCentres
from pipeline.ops.pairs import log_one_plus_sum


class ProxyAnchor(ClassCentres):
    """Equation 4: L = 1/|P+| sum_{p in P+} log(1 + sum_{x in X_p+} e^{-alpha (s(x, p) - delta)})
    + 1/|P| sum_{p in P} log(1 + sum_{x in X_p-} e^{alpha (s(x, p) + delta)}).

    s are cosines, P+ the proxies of classes in the batch, X_p+ the batch's images of p's class and X_p- the others.
    alpha = 32 and delta = 0.1; batches are random. The proxies' learning rate is a hundred times the network's in the
    paper: `centre_rate`.
    """

    paper = "proxy_anchor"
    alpha: float = setting(32.0, unit="per cosine", low=1e-3)
    delta: float = setting(0.1, unit="cosine", low=0.0, high=1.0)
    centre_rate: float = setting(100.0, unit="times the learning rate, for the directions", low=0.0)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        own = F.one_hot(labels, cosines.shape[1]).bool()
        near = log_one_plus_sum(-self.alpha * (cosines - self.delta), own, 0)
        far = log_one_plus_sum(self.alpha * (cosines + self.delta), ~own, 0)
        return near.sum() / own.any(0).sum() + far.mean()
