"""Classifiers that go on from a whole classifier, head included, and are to keep what it knew beyond their data."""

import copy
from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Context, Tensor, TrainingSet, nn, setting
from pipeline.methods.classifier import Classifier
from pipeline.ops.weight_averages import renew_statistics
from pipeline.ops.weight_lines import mixed

PARTS = ("encoder", "head")
"""What the network is made of."""


class FineTuning(Classifier):
    """The base's encoder and head, trained on by cross-entropy: w_0 are its weights. Members override `loss`, the
    step, or what becomes of the weights afterwards."""

    builds_on: ClassVar[bool] = True
    requires = ("base_kind == 'classifier'", "base_encoder == encoder", "base_num_classes == num_classes")

    def build(self, context: Context) -> None:
        base = context.base
        assert isinstance(base, Classifier)
        self.encoder, self.head = (copy.deepcopy(getattr(base, part)).requires_grad_(True) for part in PARTS)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)

    @property
    def weights(self) -> list[Tensor]:
        """Of encoder and head."""
        return [weight for part in PARTS for weight in getattr(self, part).parameters()]


class Network(nn.Module):
    """A copy of a classifier's encoder and head."""

    def __init__(self, method: Classifier) -> None:
        super().__init__()
        self.encoder, self.head = copy.deepcopy(method.encoder), copy.deepcopy(method.head)

    def forward(self, views: Tensor) -> Tensor:
        logits: Tensor = self.head(self.encoder(views))
        return logits


class Merging(FineTuning):
    """Weights that are put together after training, in a last phase without epochs, with w_0 as `anchor`.

    Batch statistics are those of the merged network on the training images (`renew_statistics`), or mixed as weights
    are: a mean of variances is no variance of a mean network, but one of w_0's statistics knows other images.
    """

    phases = (1.0, 0.0)
    training_only: ClassVar[tuple[str, ...]] = ("anchor",)
    renewed_statistics: bool = setting(True)

    anchor: Network

    def build(self, context: Context) -> None:
        super().build(context)
        self.anchor = Network(self).requires_grad_(False)

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 1:
            self.settle(self.merge(), training)

    def merge(self) -> float:
        """Put the merged weights into encoder and head; how far from w_0 they are, for statistics that are mixed."""
        raise NotImplementedError

    def settle(self, share: float, training: TrainingSet) -> None:
        """Give the merged network its batch statistics."""
        if self.renewed_statistics:
            renew_statistics(self.encoder, training.plain())
        else:
            before, now = dict(self.anchor.encoder.named_buffers()), dict(self.encoder.named_buffers())
            for name, value in mixed(before, now, share).items():
                now[name].copy_(value)
