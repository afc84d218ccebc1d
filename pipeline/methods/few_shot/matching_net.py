"""An encoder learned so that a query attends to labelled examples of its class."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot import Episodic
from pipeline.methods.few_shot.proto_net import answers
from pipeline.ops.prototypes import one_hot


class MatchingNet(Episodic):
    """P(y | x) = sum_i a(x, x_i) [y_i = y], a the softmax of scale cos(x, x_i) over the support; L = -log P(y_q | x_q).

    Without the paper's full-context embeddings, LSTMs over the support. Its softmax has scale 1, under which a cosine
    moves probabilities little; 10 is ours, as cosine heads have it.
    """

    paper = "matching_net"
    scale: float = setting(10.0, low=1e-3)

    def episode_loss(self, support: Tensor, queries: Tensor) -> Tensor:
        ways, shots = support.shape[:2]
        labels = torch.arange(ways, device=support.device).repeat_interleave(shots)[None]
        log_p = self.classify(support.flatten(0, 1)[None], labels, queries.flatten(0, 1)[None])[0]
        return F.nll_loss(log_p, answers(queries))

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        """(E, Q, K) log-probabilities."""
        cosines = F.normalize(queries, dim=2) @ F.normalize(support, dim=2).mT
        attention = (self.scale * cosines).log_softmax(2)
        others = one_hot(labels)[:, None] == 0
        return attention[..., None].masked_fill(others, -torch.inf).logsumexp(2)
