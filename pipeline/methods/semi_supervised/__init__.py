"""Classifiers that learn from labelled inputs and from the stream "unlabelled" beside them."""

import torch.nn.functional as F

from pipeline.contract import Batch, Tensor, setting, torch
from pipeline.methods.classifier import Classifier


class SemiSupervised(Classifier):
    """L = L_s + w L_u: cross-entropy on B labelled inputs, and what a member asks of mu B unlabelled ones.

    A member names the views of its unlabelled inputs in `streams` and overrides `unlabelled_loss`. All views of a step
    pass the encoder as one batch, whose statistics normalisation takes, as in FixMatch's code: so whatever members
    differ in, it is not what batch normalisation saw. What a member takes unlabelled inputs for, and how much each
    counts, is measured after training: it overrides `assign`, or `pseudo_labels` where that needs more than logits.
    """

    streams = {"unlabelled": ("full",)}

    unlabelled_ratio: int = setting(1, unit="unlabelled inputs per labelled one", low=1)
    unlabelled_weight: float = setting(1.0, low=0.0)

    def stream_sizes(self, batch_size: int) -> dict[str, int]:
        return {"unlabelled": self.unlabelled_ratio * batch_size}

    def loss(self, batch: Batch) -> Tensor:
        views = [batch.views[0], *batch["unlabelled"].views]
        logits = self.logits(self.encoder(torch.cat(views)))
        labelled, *unlabelled = logits.split([len(view) for view in views])
        weight = self.unlabelled_weight * self.ramp()
        return self.objective(labelled, batch.labels) + weight * self.unlabelled_loss(batch["unlabelled"], *unlabelled)

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)

    def ramp(self) -> float:
        """The share of w that is in force at this step."""
        return 1.0

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
