"""Supervised training and evaluation; which of the training examples the method has kept is evidence too."""

from functools import cached_property

import torch
from torch import Tensor

from pipeline.methods.augmented_subset import AugmentedSubset
from pipeline.methods.selection import Selection
from pipeline.protocols.supervised import run as supervised
from pipeline.training.job import unchanged
from pipeline.training.loop import whole

prepare = unchanged
phases = whole
watch = supervised.watch


class Evidence(supervised.Evidence):
    @property
    def kept(self) -> Tensor:
        """(M,) bool: the training examples that were chosen last; all of them by a method that chooses none."""
        method = self.job.method
        if isinstance(method, Selection | AugmentedSubset):
            return method.chosen
        return torch.ones(len(self.job.data.train_labels), dtype=torch.bool, device=self.job.data.train_labels.device)

    @property
    def augmented(self) -> int | None:
        """How many strongly augmented images training has seen; None of a method that does not count them."""
        method = self.job.method
        return int(method.augmented) if isinstance(method, AugmentedSubset) else None

    @cached_property
    def train_pixels(self) -> Tensor:
        """(M, D) the training inputs as plain views: features that are the same for every method."""
        return torch.cat([part.flatten(1).float() for part in self.job.views.plain(self.job.data.train_inputs)])
