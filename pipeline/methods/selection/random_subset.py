"""Every example is as likely to be kept: what choosing has to be better than."""

from pipeline.contract import Tensor, TrainingSet, torch
from pipeline.methods.selection import Selection


class RandomSubset(Selection):
    """So many examples without replacement, of whatever classes they are. It trains no proxy, and its phase 1 has the
    steps that others' has. With share 1 it is training on all."""

    paper = ""
    proxy = False

    def select(self, training: TrainingSet) -> Tensor:
        return torch.randperm(self.candidates)[: self.count]
