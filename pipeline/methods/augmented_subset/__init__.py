"""Classifiers that augment strongly only a part of the training set, chosen anew every few epochs."""

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.methods.selection import residuals, rounds
from pipeline.ops.kmeans import embedded


class AugmentedSubset(Classifier):
    """Training on all examples, weakly augmented, and on strong views of a subset S, which `choose` finds anew.

    An epoch's batches are drawn from all N examples and the |S| strong views alike, in random rounds; steps are the
    same for all members, whatever |S| is. As in the authors' code the two kinds of view share batches, and S is chosen
    every `refresh` epochs by the network as it is. With `alone` the weak views are those of S too, as in its scripts:
    the rest is not seen.

    What augmentation costs is counted in strong views seen, since here making one takes little beside learning from it.
    """

    views = ("full", "strong")
    share: float = setting(0.3, unit="share of the training set", low=0.0, high=1.0)
    refresh: int = setting(5, unit="epochs", low=1)
    alone: bool = setting(False)

    chosen: Tensor
    """(N,) bool: S."""
    weights: Tensor
    """(N,) what the loss of a chosen example is multiplied by, of mean 1 over S."""
    labels: Tensor
    augmented: Tensor
    """How many strong views were seen."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.examples, self.classes = context.train_examples, context.num_classes
        self.used = context.steps_per_epoch * context.batch_size
        self.seed = context.seed
        self.register_buffer("chosen", torch.zeros(self.examples, dtype=torch.bool))
        self.register_buffer("weights", torch.ones(self.examples))
        self.register_buffer("labels", torch.zeros(self.examples, dtype=torch.int64))
        self.register_buffer("augmented", torch.zeros((), dtype=torch.int64))

    @property
    def count(self) -> int:
        return round(self.share * self.examples)

    def renew(self, epoch: int, training: TrainingSet) -> None:
        if epoch % self.refresh == 0:
            self.labels.copy_(training.labels)
            # not torch's global generator, which a resumed run finds elsewhere here
            places, weights = self.choose(training, torch.Generator().manual_seed(self.seed + epoch))
            self.chosen.zero_()
            self.chosen[places] = True
            self.weights.fill_(1.0)
            self.weights[places] = weights

    def choose(self, training: TrainingSet, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Places (M,) of the examples to be augmented, and their weights (M,)."""
        raise NotImplementedError

    def residuals(self, training: TrainingSet) -> Tensor:
        """p - y (N, K) of all examples, by running statistics."""
        return residuals(self.logits(embedded(self.encoder, training.plain())), training.labels)

    def arrange(self, order: Tensor) -> Tensor:
        """Places from N on are strong views of the examples N places before."""
        kept = self.chosen.nonzero().squeeze(1)
        weak = kept if self.alone else torch.arange(self.examples, device=kept.device)
        found = rounds(torch.cat([weak, kept + self.examples]), len(order))
        self.augmented += (found[: self.used] >= self.examples).sum()
        return found

    def fetch(self, inputs: Tensor, indices: Tensor) -> Tensor:
        return super().fetch(inputs, indices % self.examples)

    def loss(self, batch: Batch) -> Tensor:
        strong, places = batch.indices >= self.examples, batch.indices % self.examples
        weak_views, strong_views = batch.views
        images = torch.where(strong.view(-1, *[1] * (weak_views.ndim - 1)), strong_views, weak_views)
        losses = F.cross_entropy(self.logits(self.encoder(images)), self.labels[places], reduction="none")
        return (losses * self.weight(strong, places)).mean()

    def weight(self, strong: Tensor, places: Tensor) -> Tensor:
        """(B,) of each image: as in the authors' code that of the subset where it is trained on alone, and 1 else."""
        return torch.where(strong, 1.0, self.weights[places]) if self.alone else torch.ones_like(self.weights[places])
