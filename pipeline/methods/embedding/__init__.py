"""Embeddings learned from classes so that images of classes never seen are told apart by their cosines.

The embedding z = f(x) is what the encoder puts out, (B, D); encoders whose names end in `_64` end in a linear map to 64
dimensions. A batch has P classes with K images each where a loss compares its images, and is drawn at random where
images are compared with classes alone.
"""

from collections.abc import Callable, Sequence

import torch.nn.functional as F

from pipeline.contract import Batch, Context, Method, Tensor, TrainingSet, nn, setting, torch
from pipeline.methods.classifier import Classifier
from pipeline.ops.class_batches import by_class
from pipeline.ops.heads import CosineLinear
from pipeline.ops.retrieval import cosines


class Grouped(Method):
    """A mixin: batches of several images of each of their classes."""

    requires = ("batch_size % max(1, images_per_class) == 0",)

    images_per_class: int = setting(4, unit="images of each class of a batch, 0 for random batches", low=0)

    labels: Tensor
    """(N,) those of the training set, given before every epoch."""

    def build(self, context: Context) -> None:
        super().build(context)
        self.batch_size = context.batch_size

    def renew(self, epoch: int, training: TrainingSet) -> None:
        self.labels = training.labels

    def arrange(self, order: Tensor) -> Tensor:
        if self.images_per_class < 2:
            return order
        return by_class(order, self.labels, self.images_per_class, self.batch_size)

    def qualities(self, embeddings: Tensor) -> Tensor | None:
        """(n,) how well each image can be recognised, of embeddings (n, D); None where the method does not say."""
        return None


class Embedding(Grouped):
    """A loss on pairs of a batch's embeddings. Members override `pair_loss`."""

    kind = "embedding"
    uses_labels = True

    def loss(self, batch: Batch) -> Tensor:
        return self.pair_loss(self.encoder(batch.views[0]), batch.labels)

    def pair_loss(self, embeddings: Tensor, labels: Tensor) -> Tensor:
        """The paper's loss on embeddings z (B, D), not normalised, of images with labels (B,); a scalar."""
        return self.cosine_loss(cosines(embeddings, embeddings), labels)

    def cosine_loss(self, cosines: Tensor, labels: Tensor) -> Tensor:
        """For losses that need no more than the cosines (B, B) of a batch's embeddings."""
        raise NotImplementedError

    def similarity(self, queries: Tensor, gallery: Tensor) -> Tensor:
        """(n, m) how alike embeddings (n, D) and (m, D) are: by what evaluation ranks and verifies."""
        return cosines(queries, gallery)


class ClassCentres(Grouped, Classifier):
    """A loss on how near embeddings are to a learned direction for each training class. Members override
    `centre_loss`.

    Directions start at random and are thrown away after training, but for accuracy on the classes trained on.
    """

    images_per_class: int = setting(0, unit="images of each class of a batch, 0 for random batches", low=0)
    centre_rate: float = setting(1.0, unit="times the learning rate, for the directions", low=0.0)

    head: CosineLinear

    def build(self, context: Context) -> None:
        super().build(context)
        self.head = CosineLinear(context.feature_dim, context.num_classes)

    def optimizers(
        self, make: Callable[[nn.Module], torch.optim.Optimizer], phase: int
    ) -> Sequence[torch.optim.Optimizer]:
        if self.centre_rate == 1.0:
            return super().optimizers(make, phase)
        centres = make(self.head)
        for group in centres.param_groups:
            group["scale"] = self.centre_rate
        rest = nn.Module()
        for name, part in (*self.named_children(), *self.named_parameters(recurse=False)):
            if part is not self.head:
                setattr(rest, name, part)
        return [make(rest), centres]

    def loss(self, batch: Batch) -> Tensor:
        embeddings = self.encoder(batch.views[0])
        return self.centre_loss(self.head(embeddings), batch.labels, embeddings)

    def centre_loss(self, cosines: Tensor, labels: Tensor, embeddings: Tensor) -> Tensor:
        """The paper's loss on cosines (B, K) with the classes' directions, and embeddings (B, D), not normalised."""
        raise NotImplementedError

    def objective(self, logits: Tensor, labels: Tensor) -> Tensor:
        return F.cross_entropy(logits, labels)
