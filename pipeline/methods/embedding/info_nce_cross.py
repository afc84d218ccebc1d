"""Of the other view's images in a batch an image must pick its own place's, in both directions, at a learned scale."""

import math
from typing import ClassVar

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Method, Tensor, TrainingSet, nn, setting, torch
from pipeline.ops.class_batches import by_class


class InfoNCECross(Method):
    """L = 1/2 [CE(e^t Q R^T) + CE(e^t R Q^T)], with smoothed labels, of unit embeddings Q and R of pairs of views.

    One encoder serves both views. t is learned, from ln(1 / 0.07) on. A batch has one pair each of some places: a
    second one would be a negative that is none. `smoothing` = 0.1 and the start of t are the authors'. Their clipping
    of gradients at 100 is left out.

    The training set's images 2 i and 2 i + 1 are a pair, the query first; which these are is the protocol's to say.
    """

    paper = "sample4geo"
    kind = "embedding"
    uses_labels = True
    requires: ClassVar[tuple[str, ...]] = ("batch_size % 2 == 0", "num_classes * 2 >= batch_size")

    temperature: float = setting(0.07, unit="cosine, at first", low=1e-3)
    smoothing: float = setting(0.1, unit="share of a label for the others", low=0.0, high=1.0)

    labels: Tensor
    """(P,) of the pairs, given before every epoch."""

    def build(self, context: Context) -> None:
        self.pairs = context.batch_size // 2
        self.log_scale = nn.Parameter(torch.tensor(-math.log(self.temperature)))

    def renew(self, epoch: int, training: TrainingSet) -> None:
        self.labels = training.labels[::2]

    def arrange(self, order: Tensor) -> Tensor:
        pairs = self.arrange_pairs(order[order % 2 == 0] // 2)
        return torch.stack([2 * pairs, 2 * pairs + 1], 1).flatten()

    def arrange_pairs(self, order: Tensor) -> Tensor:
        """Pairs in the order of their batches, one of a place in each, given a random order (P,) of them all."""
        return by_class(order, self.labels, 1, self.pairs)

    def loss(self, batch: Batch) -> Tensor:
        return self.contrast(*self.encoder(batch.views[0]).unflatten(0, (-1, 2)).unbind(1))

    def contrast(self, queries: Tensor, references: Tensor) -> Tensor:
        """Of embeddings (P, D) of either view, not normalised."""
        logits = self.log_scale.exp() * F.normalize(queries) @ F.normalize(references).T
        right = torch.arange(len(logits), device=logits.device)
        there, back = (F.cross_entropy(each, right, label_smoothing=self.smoothing) for each in (logits, logits.T))
        return (there + back) / 2
