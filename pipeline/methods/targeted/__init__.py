"""Classifiers that train on candidates chosen for their likeness to a few labelled examples of the task."""

from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, TrainingSet, setting
from pipeline.errors import UserError
from pipeline.methods.selection import Selection
from pipeline.ops.whitening import whitened


class Targeted(Selection):
    """An example is known by the gradient of its loss; a candidate counts by its cosine with the targets' gradients.

    The gradient is the last layer's, (p - y) (h, 1)^T, where the papers project that of all weights to some thousand
    dimensions at random: of so few weights none need be left out. The proxy is trained on the candidates. With `whiten`
    the gradients of candidates and targets together are whitened first, L^-1 (g - mean) with L L^T their covariance
    plus `ridge`, so that no direction in which all gradients are large outweighs the others.

    `ridge` is relative to the mean variance, since gradients have no scale of their own; TAROT's code adds 1e-5 to
    whatever they are.
    """

    training_only: ClassVar[tuple[str, ...]] = ("initial",)
    whiten: bool = setting(True)
    ridge: float = setting(1e-5, unit="mean variance", low=0.0, high=1.0)

    def build(self, context: Context) -> None:
        super().build(context)
        if not self.targets:
            raise UserError("a targeted selection needs the protocol's stream 'target'")

    def select(self, training: TrainingSet) -> Tensor:
        candidates, targets = self.gradients(training).split([self.candidates, self.targets])
        return self.nearest(candidates, targets, training.labels[self.candidates :])

    def nearest(self, candidates: Tensor, targets: Tensor, labels: Tensor) -> Tensor:
        """Places of the candidates kept, given unit gradients (C, D), those of the targets (T, D) and their labels."""
        raise NotImplementedError

    def gradients(self, training: TrainingSet) -> Tensor:
        """(N, K (F + 1)) of unit length."""
        features, errors = self.seen(training)
        found = (errors[:, :, None] * F.pad(features, (0, 1), value=1.0)[:, None]).flatten(1)
        return F.normalize(feature_whitened(found, self.ridge) if self.whiten else found)


def feature_whitened(gradients: Tensor, ridge: float) -> Tensor:
    """Whitened rows (N, D), up to a scale. The residuals of a softmax sum to zero, so the covariance is singular."""
    scale = gradients.double().var(0).mean().sqrt().clamp_min(1e-30)
    return whitened(gradients.double() / scale, ridge).to(gradients.dtype)
