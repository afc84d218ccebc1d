"""Examples are kept so that none is far from those that are: the greedy choice of k centres."""

from pipeline.contract import Tensor, TrainingSet, torch
from pipeline.methods.selection import Selection
from pipeline.ops.coresets import farthest_points


class KCentreSubset(Selection):
    """Algorithm 1: u = argmax_i min_{j in s} ||h_i - h_j||, until there are enough, of the proxy's features h.

    The paper chooses what to label, round by round from a labelled start, and mends the greedy choice by a mixed
    integer program against outliers; here the labels are known, the start is one random example, and the choice is the
    greedy one.
    """

    paper = "core_set"

    def select(self, training: TrainingSet) -> Tensor:
        features = self.seen(training)[0][: self.candidates]
        return farthest_points(features, self.count, int(torch.randint(self.candidates, ())))
