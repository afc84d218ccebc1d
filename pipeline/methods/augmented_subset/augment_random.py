"""A random part of the training set is augmented."""

from pipeline.contract import Tensor, TrainingSet, torch
from pipeline.methods.augmented_subset import AugmentedSubset


class AugmentRandom(AugmentedSubset):
    """S is drawn without replacement, of whatever classes; all weights are 1. A baseline of the paper."""

    paper = "augment_coreset"

    def choose(self, training: TrainingSet, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return torch.randperm(self.examples, generator=generator)[: self.count], torch.ones(self.count)
