"""The examples of the largest loss are augmented."""

from pipeline.contract import Tensor, TrainingSet, torch
from pipeline.methods.augmented_subset import AugmentedSubset


class AugmentMaxloss(AugmentedSubset):
    """S has the largest -log p_y, of whatever classes; all weights are 1. A baseline of the paper."""

    paper = "augment_coreset"

    def choose(self, training: TrainingSet, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        # 1 - p_y orders the examples as -log p_y does
        missing = -self.residuals(training).gather(1, training.labels[:, None]).squeeze(1)
        return missing.topk(self.count).indices, torch.ones(self.count)
