"""Core-set: rows that leave no row of the pool far from a labelled one."""

from pipeline.contract import Tensor, torch
from pipeline.methods.acquisition import Acquisition, Pool


class CoreSet(Acquisition):
    """k-centre, greedily (Sener and Savarese 2018, algorithm 1): again and again the row that is farthest from its
    nearest labelled or chosen one, by Euclidean distance between features.

    It is within a factor of two of the best cover radius. Their robust variant, which mends it by a mixed integer
    program and leaves outliers out, is not here.
    """

    paper = "core_set"

    def choose(self, pool: Pool, count: int, generator: torch.Generator) -> Tensor:
        features = pool.features.double()
        nearest = torch.cdist(features, features[pool.labelled]).amin(1)
        nearest[pool.labelled] = -1.0
        chosen = []
        for _ in range(count):
            place = int(nearest.argmax())
            chosen.append(place)
            nearest = torch.minimum(nearest, (features - features[place]).norm(dim=1))
            nearest[place] = -1.0
        return torch.tensor(chosen)
