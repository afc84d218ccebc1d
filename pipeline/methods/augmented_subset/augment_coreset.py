"""Those examples are augmented whose gradients, each counted as often as it stands for others, are most like all."""

from pipeline.contract import Tensor, TrainingSet, setting, torch
from pipeline.methods.augmented_subset import AugmentedSubset
from pipeline.ops.coresets import euclidean_similarity, facility_location


class AugmentCoreset(AugmentedSubset):
    """S = argmax sum_i max_{j in S} sim(g_i, g_j) in each class, greedily, g = p - y, and weights by how many j serves.

    The text bounds the distance of the augmented Jacobian's alignment with the residuals by that of the last layer's
    gradients; the code, followed here, takes p - y alone, submodlib's similarity exp(-|g_i - g_j| / K), as many
    examples of each class, and weights of mean 1, which count where S is trained on alone. `weigh_copies` gives them to
    the strong views too, as in the text; the scripts do not. `weighted` switches all of them off.
    """

    paper = "augment_coreset"
    weighted: bool = setting(True)
    weigh_copies: bool = setting(False)

    def choose(self, training: TrainingSet, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        gradients = self.residuals(training)
        places, weights = [], []
        counts = even(self.count, torch.bincount(training.labels, minlength=self.classes))
        for label, count in ((label, count) for label, count in enumerate(counts) if count):
            own = (training.labels == label).nonzero().squeeze(1)
            found, served = facility_location(euclidean_similarity(gradients[own]), count)
            places.append(own[found])
            weights.append(served.float())
        joined = torch.cat(weights) if self.weighted else torch.ones(self.count, device=gradients.device)
        return torch.cat(places), joined / joined.mean().clamp_min(torch.finfo(joined.dtype).tiny)

    def weight(self, strong: Tensor, places: Tensor) -> Tensor:
        return torch.where(strong, self.weights[places], 1.0) if self.weigh_copies else super().weight(strong, places)


def even(count: int, sizes: Tensor) -> list[int]:
    """How many of each class: as many of each, the first ones one more where it does not come out even; of a class that
    has fewer all, and more of the others."""
    found = [0] * len(sizes)
    for _ in range(count):
        place = min((n, c) for c, n in enumerate(found) if n < sizes[c])[1]
        found[place] += 1
    return found
