"""Classifiers that learn from labelled inputs and from the stream "unlabelled" beside them."""

from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Tensor, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.ema import follow, follower
from pipeline.ops.pseudo_labels import sure_cross_entropy


class SemiSupervised(Classifier):
    """L = L_s + w L_u: cross-entropy on B labelled inputs, and what a member asks of mu B unlabelled ones.

    A member names the views of its unlabelled inputs in `streams` and overrides `unlabelled_loss`. All views of a step
    pass the encoder as one batch, whose statistics normalisation takes, as in FixMatch's code: so whatever members
    differ in, it is not what batch normalisation saw (MixMatch labels in a pass before, which moves no statistics).

    What a member takes unlabelled inputs for, and how much each counts, is measured after training: it overrides
    `assign`, or `pseudo_labels` where that needs more than logits. Of `Believing` ones there is more to measure.
    """

    streams = {"unlabelled": ("full",)}

    unlabelled_ratio: int = setting(1, unit="unlabelled inputs per labelled one", low=1)
    unlabelled_weight: float = setting(1.0, low=0.0)

    def stream_sizes(self, batch_size: int) -> dict[str, int]:
        return {"unlabelled": self.unlabelled_ratio * batch_size}

    def loss(self, batch: Batch) -> Tensor:
        views = [batch.views[0], *batch["unlabelled"].views]
        features = self.encoder(torch.cat(views))
        labelled, *unlabelled = self.logits(features).split([len(view) for view in views])
        weight = self.unlabelled_weight * self.ramp()
        return self.objective(labelled, batch.labels) + weight * self.stream_loss(batch, features, *unlabelled)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)

    def ramp(self) -> float:
        """The share of w that is in force at this step."""
        return 1.0

    def stream_loss(self, batch: Batch, features: Tensor, *logits: Tensor) -> Tensor:
        """L_u, for members that ask more than `unlabelled_loss` is given: features (N, F) of all views, in their order.

        The logits are those of each view of the stream.
        """
        return self.unlabelled_loss(batch["unlabelled"], *logits)

    def unlabelled_loss(self, batch: Batch, *logits: Tensor) -> Tensor:
        """L_u of the stream's batch and the logits (mu B, K) of each of its views; a scalar."""
        raise NotImplementedError

    def pseudo_labels(self, plain: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        """Of plain views (M, ...) of inputs at places (M,) in the stream: `assign` of their logits."""
        return self.assign(self.logits(self.encoder(plain)))

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        """The class (M,) int64 that each unlabelled input is taken for, and the weight (M,) in 0..1 of its loss.

        By default the most likely class, and all count alike, as where the same answer is asked of two views.
        """
        return logits.argmax(1), torch.ones_like(logits[:, 0])


class WeakToStrong(SemiSupervised):
    """L_u is the cross-entropy of a strongly augmented view and of the label that the weakly augmented one is given.

    The mean is over all unlabelled inputs, so that L_u grows with the share that counts. Members override `assign`,
    which is asked in training too, of weak views.
    """

    streams = {"unlabelled": ("full", "strong")}
    unlabelled_ratio: int = setting(7, unit="unlabelled inputs per labelled one", low=1)

    def unlabelled_loss(self, batch: Batch, *logits: Tensor) -> Tensor:
        weak, strong = logits
        return sure_cross_entropy(strong, *self.assign(weak))

    def assign(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError


class Believing(SemiSupervised):
    """What lies behind its pseudo-labels is measured, too."""

    def beliefs(self, plain: Tensor) -> dict[str, Tensor]:
        """By name, (M, K) of plain views (M, ...)."""
        raise NotImplementedError


class Taught(SemiSupervised):
    """What the stream's first view shows is said by a teacher, phi <- m phi + (1 - m) theta after each step.

    m grows as 1 - 1 / (step + 1) to `momentum`, as in Mean Teacher's code. The teacher passes labelled inputs and first
    views as one batch, and has its own statistics of batch normalisation; what learns passes all views, as in the whole
    family. The study evaluates an average of the weights for every method: at the same decay it is the teacher but for
    those statistics. So the teacher is not kept, and after training `assign` is asked of the logits of that average.
    """

    training_only: ClassVar[tuple[str, ...]] = ("teacher", "follows")
    momentum: float = setting(0.999, low=0.0, high=1.0)

    teacher: nn.ModuleList
    follows: Tensor
    """How many times the teacher has been moved, int64."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.build_heads(context)
        self.teacher = follower(self.followed())
        self.register_buffer("follows", torch.zeros((), dtype=torch.int64))

    def build_heads(self, context: Context) -> None:
        """Make what the teacher has a copy of, beyond or in place of the linear head."""

    def followed(self) -> nn.ModuleList:
        """The modules that the teacher has a copy of, encoder and head first."""
        return nn.ModuleList([self.encoder, self.head])

    @torch.no_grad()
    def taught(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """The teacher's features and logits of the labelled inputs, then of the stream's first view."""
        features = self.teacher[0](torch.cat([batch.views[0], batch["unlabelled"].views[0]]))
        return features, self.teacher[1](features)

    def decay(self) -> float:
        return min(1 - 1 / (int(self.follows) + 1), self.momentum)

    def follow(self, source: nn.Module | None = None) -> None:
        """Move the teacher towards the learnt modules, or towards others like them."""
        self.follows += 1
        follow(self.teacher, source or self.followed(), self.decay())

    def after_step(self) -> None:
        self.follow()


def risen(progress: float, end: float) -> float:
    """From 0 at the start of training linearly to 1 at its share `end`."""
    return min(1.0, progress / end) if end > 0 else 1.0
