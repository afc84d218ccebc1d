"""Of each class those examples are kept whose mean feature is that of the class."""

import torch.nn.functional as F

from pipeline.contract import Tensor, TrainingSet, torch
from pipeline.methods.selection import Selection
from pipeline.ops import coresets


class Herding(Selection):
    """x_t = argmax_x <w_{t-1}, phi(x)>, w_t = w_{t-1} + mu - phi(x_t), w_0 = mu, the mean of phi.

    phi is the proxy's feature divided by its length, since of vectors of one length herding takes in each step the one
    that brings the mean nearest to mu. The paper herds pseudo-samples for the moments of a Markov random field;
    examples of each class, none twice and as many as its share of the training set, is what the field has made of it.
    """

    paper = "herding"

    def select(self, training: TrainingSet) -> Tensor:
        features = F.normalize(self.seen(training)[0])[: self.candidates]
        labels = training.labels[: self.candidates]
        classes = [(labels == label).nonzero().squeeze(1) for label in labels.unique()]
        counts = divided(self.count, [len(places) for places in classes])
        kept = [
            places[coresets.herding(features[places], count)] for places, count in zip(classes, counts, strict=True)
        ]
        return torch.cat(kept)


def divided(count: int, sizes: list[int]) -> list[int]:
    """`count` in proportion to the sizes, in whole numbers: the largest remainders are rounded up."""
    whole = sum(sizes)
    exact = [count * size / whole for size in sizes]
    found = [int(share) for share in exact]
    order = sorted(range(len(sizes)), key=lambda place: found[place] - exact[place])
    for place in order[: count - sum(found)]:
        found[place] += 1
    return found
