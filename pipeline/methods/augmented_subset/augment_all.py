"""All of the training set is augmented: what a part of it should come up to."""

from pipeline.contract import Tensor, TrainingSet, torch
from pipeline.methods.augmented_subset import AugmentedSubset


class AugmentAll(AugmentedSubset):
    """S is the whole training set, whatever `share` says of others: half of what is seen is weak, half strong."""

    paper = "augment_coreset"

    def choose(self, training: TrainingSet, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return torch.arange(self.examples), torch.ones(self.examples)
