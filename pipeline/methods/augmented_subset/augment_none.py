"""Nothing is augmented beyond what all views are."""

from pipeline.contract import Tensor, TrainingSet, torch
from pipeline.methods.augmented_subset import AugmentedSubset


class AugmentNone(AugmentedSubset):
    """S is empty: cross-entropy on weak views. It would have nothing to train on with `alone`."""

    paper = "augment_coreset"
    requires = ("alone == False",)

    def choose(self, training: TrainingSet, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return torch.zeros(0, dtype=torch.int64), torch.ones(0)
