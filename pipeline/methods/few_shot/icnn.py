"""Near neighbours of an example shall be of its class, and near it, as those of other classes shall be far."""

from pipeline.contract import Tensor, setting, torch
from pipeline.methods.few_shot.proto_net import ProtoNet, answers
from pipeline.ops.neighbour_score import neighbour_score


class ICNN(ProtoNet):
    """L = (L_ProtoNet - ln score) / 2, score the inter- and intra-class nearest neighbours score of a whole episode.

    `ops.neighbour_score` has the formula. All images of the episode, support and queries, are points of the score (the
    authors' `fullicnn`): with one shot the support has no two of a class.
    """

    paper = "susana_distancia"
    neighbours: int = setting(4, low=1)
    cross: bool = setting(True)

    def episode_loss(self, support: Tensor, queries: Tensor) -> Tensor:
        points = torch.cat([support.flatten(0, 1), queries.flatten(0, 1)])
        labels = torch.cat([answers(support), answers(queries)])
        sameness = support.shape[1] + queries.shape[1]
        own = -neighbour_score(points, labels, self.neighbours, sameness).log()
        return (super().episode_loss(support, queries) + own) / 2 if self.cross else own
