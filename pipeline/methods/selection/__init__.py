"""Classifiers that train on a part of the training set, chosen by what a short training of all of it has shown."""

import copy
from typing import Any, ClassVar

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.kmeans import embedded


class Selection(Classifier):
    """Phase 0 trains a proxy on all examples; `select` keeps some, and phase 1 trains on these alone, from the start.

    Fair by construction: phase 1 has the same steps for every member and every share kept, so that of few examples
    each is seen more often; it begins with the very weights that phase 0 began with, which all members share, and
    batches are drawn alike. A member that has no use for a proxy (`proxy = False`) skips phase 0, and its phase 1
    is no longer for it. All this is of one `proxy_share` for all members, which a study therefore does not search
    for each.

    Where the protocol has a stream "target", as many labelled examples, the last of the training set, are of the task
    that is tested. They are not trained on: the others are the candidates.
    """

    proxy: ClassVar[bool] = True
    training_only: ClassVar[tuple[str, ...]] = ("initial",)
    requires: ClassVar[tuple[str, ...]] = ("batch_size <= train_examples",)

    share: float = setting(0.1, unit="share of the training set", low=0.001, high=1.0)
    proxy_share: float = setting(0.2, unit="share of training", low=0.01, high=0.99)

    chosen: Tensor
    """(N,) bool: the examples that phase 1 trains on."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.phases = (self.proxy_share, 1 - self.proxy_share)

    def build(self, context: Context) -> None:
        super().build(context)
        self.initial = copy.deepcopy(nn.Sequential(self.encoder, self.head)).requires_grad_(False)
        self.targets = len(context.streams.get("target", ()))
        self.candidates = context.train_examples - self.targets
        self.register_buffer("chosen", torch.arange(context.train_examples) < self.candidates)

    @property
    def count(self) -> int:
        """How many are kept."""
        return max(1, round(self.share * self.candidates))

    def start_phase(self, phase: int, training: TrainingSet) -> None:
        if phase == 1:
            places = self.select(training)
            self.chosen.zero_()
            self.chosen[places] = True
            nn.Sequential(self.encoder, self.head).load_state_dict(self.initial.state_dict())

    def select(self, training: TrainingSet) -> Tensor:
        """Places of the examples to be kept, below `candidates`."""
        raise NotImplementedError

    def seen(self, training: TrainingSet) -> tuple[Tensor, Tensor]:
        """The proxy's features (N, F) of all examples, by running statistics, and its errors p - y (N, K)."""
        features = embedded(self.encoder, training.plain())
        return features, residuals(self.logits(features), training.labels)

    def arrange(self, order: Tensor) -> Tensor:
        """Those chosen, in as many random rounds as are needed."""
        places = self.chosen.nonzero().squeeze(1)
        return rounds(places, len(order))

    def step(self, batch: Batch, optimizers: Any, epoch: int) -> Tensor:
        if self.phase == 0 and not self.proxy:
            return torch.zeros((), device=batch.labels.device)
        return super().step(batch, optimizers, epoch)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)


def residuals(logits: Tensor, labels: Tensor) -> Tensor:
    """p - y (N, K) of logits (N, K) and labels (N,)."""
    return logits.softmax(1) - F.one_hot(labels, logits.shape[1])


def rounds(places: Tensor, least: int) -> Tensor:
    """At least so many of the places (M,): all of them in random order, again and again."""
    times = -(-least // len(places))
    return torch.cat([places[torch.randperm(len(places)).to(places.device)] for _ in range(times)])


class Scored(Selection):
    """Keeps the examples of the largest score, whatever their classes. Members override `score`."""

    def select(self, training: TrainingSet) -> Tensor:
        return self.score(training)[: self.candidates].topk(self.count).indices

    def score(self, training: TrainingSet) -> Tensor:
        """(N,) of all examples, higher for those to be kept."""
        raise NotImplementedError
