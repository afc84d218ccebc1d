"""A query shall be nearer to its class's prototype than to any other, by a margin."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot.proto_net import ProtoNet, answers
from pipeline.ops.prototypes import squared_distances

EPSILON = 1e-6


class ProtoTriplet(ProtoNet):
    """L = (L_ProtoNet + L_triplet) / 2, L_triplet = mean [d(x_q, m_y) - min_(c != y) d(x_q, m_c) + margin]_+.

    d is the Euclidean distance, sqrt(|.|^2 + 1e-6) as in the authors' code, which divides the sum of the terms by their
    number. Without `cross` the triplet alone. The paper starts from a pretrained encoder, this from none.
    """

    paper = "susana_distancia"
    margin: float = setting(0.5, unit="distance", low=0.0)
    cross: bool = setting(True)

    def episode_loss(self, support: Tensor, queries: Tensor) -> Tensor:
        labels = answers(queries)
        apart = squared_distances(queries.flatten(0, 1)[None], support.mean(1)[None])[0]
        distances = (apart + EPSILON).sqrt()
        own = torch.nn.functional.one_hot(labels, len(support)).bool()
        nearest = distances.masked_fill(own, torch.inf).amin(1)
        triplet = (distances[own] - nearest + self.margin).relu().mean()
        return (super().episode_loss(support, queries) + triplet) / 2 if self.cross else triplet
