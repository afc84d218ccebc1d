"""An encoder learned so that a query is near the mean of its class's few labelled examples."""

import torch.nn.functional as F

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot import Episodic, class_means
from pipeline.ops.prototypes import squared_distances


class ProtoNet(Episodic):
    """L = mean CE(-|x_q - m_c|^2 / T, y_q) over queries, m_c the mean of class c's support (equation 2)."""

    paper = "proto_net"
    temperature: float = setting(1.0, unit="squared distance", low=1e-3)

    def episode_loss(self, support: Tensor, queries: Tensor) -> Tensor:
        return F.cross_entropy(self.logits(support, queries), answers(queries))

    def logits(self, support: Tensor, queries: Tensor) -> Tensor:
        """(K Q, K) of an episode's features (K, shots, D) and (K, Q, D)."""
        return -squared_distances(queries.flatten(0, 1)[None], support.mean(1)[None])[0] / self.temperature

    def classify(self, support: Tensor, labels: Tensor, queries: Tensor) -> Tensor:
        return -squared_distances(queries, class_means(support, labels))


def answers(queries: Tensor) -> Tensor:
    """(K Q,) the classes of an episode's queries (K, Q, D)."""
    return torch.arange(len(queries), device=queries.device).repeat_interleave(queries.shape[1])
